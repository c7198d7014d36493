/* SPDX-License-Identifier: Apache-2.0 */
/* The one function that a plug-in exports: it names its component types. */
#include "broker.h"

static const mecha_component_type* const types[] = {&example_broker_type};

static const mecha_plugin plugin = {
    .struct_size = sizeof(mecha_plugin),
    .spi_version = MECHA_SPI_VERSION,
    .name = "c_pubsub",
    .version = "1.0.0",
    .types = types,
    .type_count = sizeof types / sizeof types[0],
};

__attribute__((visibility("default"))) const mecha_plugin* mecha_plugin_entry(
    const mecha_library* library);

const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  /* A library that cannot take deliveries has no brokers; it would refuse the type by its kind. */
  (void)library;
  return &plugin;
}
