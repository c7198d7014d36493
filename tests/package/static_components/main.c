/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a runtime on the component TYPE, keeps a value in it and reads it back. */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static mecha_view view(const char* text) {
  mecha_view result = {text, strlen(text)};
  return result;
}

static int fail(const char* what, mecha_error* error) {
  fprintf(stderr, "%s: %s\n", what, mecha_error_message(error));
  return 1;
}

int main(void) {
  mecha_view text = view(
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\n"
      "spec: {type: " TYPE ", version: v1}\n");
  mecha_runtime_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.app_id = view("app");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  mecha_runtime* runtime = NULL;
  mecha_error* error = NULL;
  if (mecha_runtime_open(&options, &runtime, &error) != MECHA_OK ||
      mecha_runtime_start(runtime, &error) != MECHA_OK) {
    return fail("open", error);
  }
  mecha_buf value;
  memset(&value, 0, sizeof value);
  value.data = "v";
  value.size = 1;
  if (mecha_state_set(runtime, NULL, view("store"), view("k"), value, NULL, NULL) != MECHA_OK ||
      mecha_state_get(runtime, NULL, view("store"), view("k"), NULL, NULL) != MECHA_OK) {
    return fail("set and get", NULL);
  }
  mecha_runtime_free(runtime);
  return 0;
}
