/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in whose entry is wrong, in the way that FAULT says when it is compiled. */
#include <mecha/component.h>
#include <stdlib.h>

#define VISIBLE __attribute__((visibility("default")))

#define OTHER_VERSION 1
#define REFUSES 2
#define NO_TYPES 3
#define CRASHES 4
#define NO_ENTRY 5
#define CALLS_MECHA 6
#define CALLS_NOBODY 7

/* Functions that nobody has whom the plug-in could reach. */
void mecha_not_exported(void);
void nobody_has_this(void);

#if FAULT != NO_ENTRY
VISIBLE const mecha_plugin* mecha_plugin_entry(const mecha_library* library);
const mecha_plugin* mecha_plugin_entry(const mecha_library* library) {
  static const mecha_plugin plugin = {.struct_size = sizeof plugin,
                                      .spi_version = FAULT == OTHER_VERSION ? 4711 : 1,
                                      .name = "bad_entry"};
  (void)library;
  if (FAULT == CRASHES) {
    abort();
  }
#if FAULT == CALLS_MECHA
  mecha_not_exported();
#elif FAULT == CALLS_NOBODY
  nobody_has_this();
#endif
  return FAULT == REFUSES ? NULL : &plugin;
}
#endif
