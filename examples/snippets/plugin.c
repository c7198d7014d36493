/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses a plug-in: its first argument is the absolute path of c_state. */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static mecha_view View(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

static const char kStore[] =
    "apiVersion: dapr.io/v1alpha1\n"
    "kind: Component\n"
    "metadata: {name: orders}\n"
    "spec: {type: state.example-c, version: v1}\n";

static mecha_runtime* Start(const char* plugin, mecha_error** error) {
  mecha_view document = View(kStore);
  mecha_kv setting = {View("plugins"), View(plugin)}; /* "/opt/example_c_state.so" */
  mecha_runtime_options options = {.struct_size = sizeof(options), .app_id = View("shop")};
  options.api_version = MECHA_API_VERSION;
  options.settings = &setting;
  options.setting_count = 1;
  options.resource_texts = &document;
  options.resource_text_count = 1;
  mecha_runtime* rt = NULL;
  if (mecha_runtime_open(&options, &rt, error) == MECHA_OK &&
      mecha_runtime_start(rt, error) != MECHA_OK) {
    mecha_runtime_free(rt);
    rt = NULL;
  }
  return rt;
}

int main(int count, char** words) {
  mecha_error* error = NULL;
  mecha_runtime* rt = Start(count > 1 ? words[1] : "", &error);
  if (rt == NULL) {
    fprintf(stderr, "%s\n", error == NULL ? "not started" : mecha_error_message(error));
    mecha_error_free(error);
    return 1;
  }
  mecha_buf value = {"3 lamps", 7, NULL, NULL};
  mecha_status status =
      mecha_state_set(rt, NULL, View("orders"), View("order-1"), value, NULL, NULL);
  printf("order-1 3 lamps: %s\n", mecha_status_name(status));
  mecha_runtime_free(rt);
  return status;
}
