/* SPDX-License-Identifier: Apache-2.0 */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static const char kStore[] =
    "apiVersion: dapr.io/v1alpha1\n"
    "kind: Component\n"
    "metadata: {name: orders}\n"
    "spec: {type: state.in-memory, version: v1}\n";

int main(void) {
  mecha_view text = {kStore, strlen(kStore)};
  mecha_runtime_options options = {.struct_size = sizeof(options), .app_id = {"shop", 4}};
  options.api_version = MECHA_API_VERSION;
  options.resource_texts = &text;
  options.resource_text_count = 1;
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  if (mecha_runtime_open(&options, &rt, &error) || mecha_runtime_start(rt, &error)) {
    fprintf(stderr, "%s\n", mecha_error_message(error));
    return 1;
  }
  mecha_view orders = {"orders", 6}, key = {"order-1", 7};
  mecha_buf value = {"3 lamps", 7, NULL, NULL};
  mecha_status status = mecha_state_set(rt, NULL, orders, key, value, NULL, NULL);
  printf("order-1 3 lamps: %s\n", mecha_status_name(status));
  mecha_runtime_free(rt);
  return status;
}
