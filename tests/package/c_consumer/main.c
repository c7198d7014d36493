/* SPDX-License-Identifier: Apache-2.0 */
/* A program outside this tree: keeps one value in memory and one in a SQLite file (argument 1). */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static mecha_view view(const char* text) {
  mecha_view made = {text, strlen(text)};
  return made;
}

static mecha_status keep(mecha_runtime* rt, const char* store) {
  mecha_buf value = {"42", 2, NULL, NULL};
  mecha_result* result = NULL;
  mecha_item item;
  mecha_status status = mecha_state_set(rt, NULL, view(store), view("answer"), value, NULL, NULL);
  if (status == MECHA_OK)
    status = mecha_state_get(rt, NULL, view(store), view("answer"), NULL, &result);
  memset(&item, 0, sizeof(item));
  item.struct_size = sizeof(item);
  if (status == MECHA_OK) status = mecha_result_item(result, 0, &item);
  if (status == MECHA_OK && (item.value.size != 2 || memcmp(item.value.data, "42", 2) != 0))
    status = MECHA_DATA_LOSS;
  mecha_result_release(result);
  printf("%s: %s\n", store, mecha_status_name(status));
  return status;
}

int main(int argc, char** argv) {
  char yaml[2048];
  mecha_view text;
  mecha_runtime_options options;
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  mecha_status status;
  snprintf(yaml, sizeof(yaml),
           "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: memory}\n"
           "spec: {type: state.in-memory, version: v1}\n---\n"
           "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: file}\n"
           "spec:\n  type: state.sqlite\n  version: v1\n  metadata:\n"
           "  - {name: connectionString, value: \"%s\"}\n",
           argc > 1 ? argv[1] : "answer.db");
  text = view(yaml);
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.api_version = MECHA_API_VERSION;
  options.app_id = view("consumer");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  status = mecha_runtime_open(&options, &rt, &error);
  if (status == MECHA_OK) status = mecha_runtime_start(rt, &error);
  if (status != MECHA_OK) printf("%s\n", mecha_error_message(error));
  mecha_error_free(error);
  if (status == MECHA_OK) status = keep(rt, "memory");
  if (status == MECHA_OK) status = keep(rt, "file");
  mecha_runtime_free(rt);
  return status == MECHA_OK ? 0 : 1;
}
