/* SPDX-License-Identifier: Apache-2.0 */
/* golden SCENARIO FOLDER: runs one golden scenario on the resources in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenarios.h"

mecha_view View(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

mecha_runtime* Start(const char* folder) {
  mecha_runtime_options options = {.struct_size = sizeof(options), .app_id = View("golden")};
  const mecha_view path = View(folder);
  options.api_version = MECHA_API_VERSION;
  options.resource_paths = &path;
  options.resource_path_count = 1;
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  if (mecha_runtime_open(&options, &rt, &error) || mecha_runtime_start(rt, &error)) {
    fprintf(stderr, "golden: %s\n", mecha_error_message(error));
    exit(1);
  }
  return rt;
}

void Sleep(int milliseconds) {
  struct timespec left = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0) {
  }
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(const char* folder);
  } scenarios[] = {{"state", RunState},
                   {"secrets", RunSecrets},
                   {"errors", RunErrors},
                   {"pubsub", RunPubSub},
                   {"drain", RunDrain}};
  for (size_t i = 0; argc == 3 && i < sizeof(scenarios) / sizeof(scenarios[0]); ++i) {
    if (strcmp(scenarios[i].name, argv[1]) == 0) {
      scenarios[i].run(argv[2]);
      return 0;
    }
  }
  fprintf(stderr, "usage: golden state|secrets|errors|pubsub|drain FOLDER\n");
  return 2;
}
