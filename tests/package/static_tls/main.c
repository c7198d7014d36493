/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a value in an encrypted store and reads it back; argument 1 is a file with the key. */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

#define DOCUMENTS                                                                             \
  "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: vault}\n"                  \
  "spec: {type: secretstores.local.file, version: v1, metadata: [{name: secretsFile, value: " \
  "\"%s\"}]}\n---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: store}\n"  \
  "spec: {type: state.in-memory, version: v1, metadata: [{name: primaryEncryptionKey, "       \
  "secretKeyRef: {name: key, key: key}}]}\nauth: {secretStore: vault}\n"

static mecha_view view(const char* text) {
  mecha_view result = {text, strlen(text)};
  return result;
}

int main(int argc, char** argv) {
  char yaml[2048];
  mecha_view text;
  mecha_runtime_options options;
  mecha_runtime* runtime = NULL;
  mecha_error* error = NULL;
  mecha_buf value;
  if (argc < 2) return 2;
  snprintf(yaml, sizeof(yaml), DOCUMENTS, argv[1]);
  text = view(yaml);
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.api_version = MECHA_API_VERSION;
  options.app_id = view("app");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  if (mecha_runtime_open(&options, &runtime, &error) != MECHA_OK ||
      mecha_runtime_start(runtime, &error) != MECHA_OK) {
    fprintf(stderr, "open: %s\n", mecha_error_message(error));
    return 1;
  }
  memset(&value, 0, sizeof(value));
  value.data = "v";
  value.size = 1;
  if (mecha_state_set(runtime, NULL, view("store"), view("k"), value, NULL, NULL) != MECHA_OK ||
      mecha_state_get(runtime, NULL, view("store"), view("k"), NULL, NULL) != MECHA_OK) {
    fprintf(stderr, "set and get failed\n");
    return 1;
  }
  mecha_runtime_free(runtime);
  return 0;
}
