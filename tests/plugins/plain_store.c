/* SPDX-License-Identifier: Apache-2.0 */
/* The store of the C example with as little as a plug-in may have: get and write alone, and a type
 * that may block. The library does the rest, or refuses it. */
#include <pthread.h>

#include "stores.h"

static mecha_state_functions functions;
static mecha_component_type type;
static const mecha_component_type* const types[] = {&type};
static const mecha_plugin plugin = {.struct_size = sizeof plugin,
                                    .spi_version = MECHA_SPI_VERSION,
                                    .name = "plain_store",
                                    .version = "0",
                                    .types = types,
                                    .type_count = 1};

static void fill(void) {
  functions = *example_state_type.state;
  functions.get_many = NULL;
  functions.apply = NULL;
  functions.list = NULL;
  type = example_state_type;
  type.type = "state.plain";
  type.threads = MECHA_THREADS_BLOCKING;
  type.capabilities &= ~(uint32_t)MECHA_CAN_TRANSACTION;
  type.state = &functions;
}

__attribute__((visibility("default"))) const mecha_plugin* mecha_plugin_entry(
    const mecha_library* library);
const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)library;
  pthread_once(&once, fill);
  return &plugin;
}
