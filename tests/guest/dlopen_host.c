/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libmecha.so (argument 1) a hundred times with dlopen, uses it, and closes it again, from a
 * thread that ends each time. It is not linked to the library. */
#include <dlfcn.h>
#include <pthread.h>

#include "guest/host.h"

struct api {
  __typeof__(&mecha_runtime_open) open;
  __typeof__(&mecha_runtime_start) start;
  __typeof__(&mecha_runtime_free) free;
  __typeof__(&mecha_state_set) set;
  __typeof__(&mecha_state_get) get;
  __typeof__(&mecha_result_release) release;
};

static void* find(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) fprintf(stderr, "dlopen_host: no %s\n", name);
  return symbol;
}

static const char* use(const struct api* api) {
  mecha_view text = host_view(HOST_MEMORY_YAML);
  mecha_runtime_options options = host_options(&text, 1);
  mecha_runtime* rt = NULL;
  mecha_result* result = NULL;
  const char* complaint = NULL;
  if (api->open(&options, &rt, NULL) != MECHA_OK) return "open";
  if (api->start(rt, NULL) != MECHA_OK) {
    complaint = "start";
  } else if (api->set(rt, NULL, host_view("memory"), host_view("key"), host_buf("value"), NULL,
                      NULL) != MECHA_OK) {
    complaint = "set";
  } else if (api->get(rt, NULL, host_view("memory"), host_view("key"), NULL, &result) != MECHA_OK) {
    complaint = "get";
  }
  api->release(result);
  api->free(rt);
  return complaint;
}

/* One load, use and close. Returns what failed, or NULL. The thread's exit runs whatever
 * destructors the library's code registered for it, after the library was closed. */
static void* load_and_use(void* path) {
  struct api api;
  const char* complaint;
  void* library = dlopen((const char*)path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return dlerror();
  *(void**)&api.open = find(library, "mecha_runtime_open");
  *(void**)&api.start = find(library, "mecha_runtime_start");
  *(void**)&api.free = find(library, "mecha_runtime_free");
  *(void**)&api.set = find(library, "mecha_state_set");
  *(void**)&api.get = find(library, "mecha_state_get");
  *(void**)&api.release = find(library, "mecha_result_release");
  complaint = use(&api);
  if (dlclose(library) != 0) complaint = "dlclose";
  return (void*)complaint;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (int round = 0; round < 100; round++) {
    pthread_t thread;
    void* complaint = NULL;
    if (pthread_create(&thread, NULL, load_and_use, argv[1]) != 0) return 3;
    pthread_join(thread, &complaint);
    if (complaint != NULL) {
      fprintf(stderr, "dlopen_host: round %d: %s\n", round, (const char*)complaint);
      return 1;
    }
  }
  return 0;
}
