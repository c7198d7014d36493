/* SPDX-License-Identifier: Apache-2.0 */
/* A C host that loads libmecha.so (argument 1) with dlopen, opens a runtime and does one operation,
 * timing each step. With a second argument, a database file, it uses a SQLite store as well; with
 * `--tls PORT CA_FILE` a Redis with TLS.
 * As `footprint_mecha --libraries NAME...` it loads those only: what Mecha itself adds is the rest.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "guest/host.h"
#include "process_numbers.h"

struct api {
  __typeof__(&mecha_runtime_open) open;
  __typeof__(&mecha_runtime_start) start;
  __typeof__(&mecha_runtime_free) free;
  __typeof__(&mecha_state_set) set;
};

static void* find(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) exit(3);
  return symbol;
}

static mecha_runtime* start(const struct api* api, const char* yaml) {
  mecha_view text = host_view(yaml);
  mecha_runtime_options options = host_options(&text, 1);
  mecha_runtime* rt = NULL;
  if (api->open(&options, &rt, NULL) != MECHA_OK || api->start(rt, NULL) != MECHA_OK) exit(4);
  return rt;
}

static void set(const struct api* api, mecha_runtime* rt, const char* store) {
  if (api->set(rt, NULL, host_view(store), host_view("key"), host_buf("value"), NULL, NULL) !=
      MECHA_OK) {
    exit(5);
  }
}

static int load_libraries(char** names) {
  const double begin = now_ms();
  for (; *names != NULL; names++) {
    if (dlopen(*names, RTLD_NOW | RTLD_LOCAL) == NULL) return 2;
  }
  printf("load_ms %.4f\n", now_ms() - begin);
  return 0;
}

#define REDIS_YAML                                                                        \
  "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: redis}\nspec:\n"       \
  "  type: state.redis\n  version: v1\n  metadata:\n  - {name: enableTLS, value: true}\n" \
  "  - {name: redisHost, value: \"127.0.0.1:%s\"}\n  - {name: caCert, value: \"%s\"}\n"

int main(int argc, char** argv) {
  struct api api;
  char yaml[2048];
  void* library;
  mecha_runtime *rt, *other;
  double begin = now_ms(), loaded;
  if (argc > 1 && strcmp(argv[1], "--libraries") == 0) return load_libraries(argv + 2);
  if (argc < 2 || (library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) == NULL) return 2;
  loaded = now_ms();
  *(void**)&api.open = find(library, "mecha_runtime_open");
  *(void**)&api.start = find(library, "mecha_runtime_start");
  *(void**)&api.free = find(library, "mecha_runtime_free");
  *(void**)&api.set = find(library, "mecha_state_set");
  rt = start(&api, HOST_MEMORY_YAML);
  set(&api, rt, "memory");
  printf("load_ms %.4f\nfirst_operation_ms %.4f\n", loaded - begin, now_ms() - loaded);
  if (argc > 4) {
    snprintf(yaml, sizeof(yaml), REDIS_YAML, argv[3], argv[4]);
    other = start(&api, yaml);
    set(&api, other, "redis");
    print_process();
    api.free(other);
  } else if (argc > 2) {
    snprintf(yaml, sizeof(yaml), HOST_SQLITE_YAML, argv[2]);
    other = start(&api, yaml);
    set(&api, other, "file");
    print_process();
    api.free(other);
  } else {
    print_process();
  }
  api.free(rt);
  return 0;
}
