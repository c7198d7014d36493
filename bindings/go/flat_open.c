// SPDX-License-Identifier: Apache-2.0
// mecha_runtime_open from a tape, and its hooks around threads.
#include <stdlib.h>
#include <string.h>

#include "flat.h"
#include "flat_tape.h"

// Written in Go: hooks.go.
extern void mechaGoThreadStarted(uintptr_t user, char* name);
extern void mechaGoThreadStopping(uintptr_t user, char* name);

static void thread_started(void* user, const char* name) {
  mechaGoThreadStarted((uintptr_t)user, (char*)(uintptr_t)name);
}

static void thread_stopping(void* user, const char* name) {
  mechaGoThreadStopping((uintptr_t)user, (char*)(uintptr_t)name);
}

static void fill_options(Tape* tape, uintptr_t user, mecha_runtime_options* options) {
  options->struct_size = sizeof *options;
  options->api_version = MECHA_API_VERSION;
  options->flags = (uint32_t)next(tape);
  const uint64_t has_hooks = next(tape);
  if ((has_hooks & 1) != 0) options->thread_started = thread_started;
  if ((has_hooks & 2) != 0) options->thread_stopping = thread_stopping;
  options->user = (void*)user;
  options->app_id = next_view(tape);
  options->name_space = next_view(tape);
}

int32_t flat_open(const uint64_t* words, const char* text, uintptr_t user, FlatOut* out) {
  Tape tape = {words, text};
  mecha_runtime_options options;
  memset(&options, 0, sizeof options);
  fill_options(&tape, user, &options);
  mecha_view* paths = next_views(&tape, &options.resource_path_count);
  mecha_view* texts = next_views(&tape, &options.resource_text_count);
  mecha_kv* settings = next_pairs(&tape, &options.setting_count);
  options.resource_paths = paths;
  options.resource_texts = texts;
  options.settings = settings;
  mecha_runtime* opened = NULL;
  mecha_error* error = NULL;
  mecha_status status = MECHA_NO_MEMORY;
  if (paths != NULL && texts != NULL && settings != NULL) {
    status = mecha_runtime_open(&options, &opened, &error);
  }
  free(paths);
  free(texts);
  free(settings);
  return flat_opened(status, error, opened, out);
}
