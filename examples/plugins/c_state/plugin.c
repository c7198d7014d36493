/* SPDX-License-Identifier: Apache-2.0 */
/* The one function that a plug-in exports: it names its component types. */
#include "stores.h"

static const mecha_component_type* const types[] = {&example_state_type, &example_secret_type};

static const mecha_plugin plugin = {
    .struct_size = sizeof(mecha_plugin),
    .spi_version = MECHA_SPI_VERSION,
    .name = "c_state",
    .version = "1.0.0",
    .types = types,
    .type_count = sizeof types / sizeof types[0],
};

__attribute__((visibility("default"))) const mecha_plugin* mecha_plugin_entry(
    const mecha_library* library);

const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  (void)library; /* any library of this version of the interface will do */
  return &plugin;
}
