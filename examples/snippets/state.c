/* SPDX-License-Identifier: Apache-2.0 */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static mecha_view View(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

int main(void) {
  mecha_view folder = View("resources");
  mecha_runtime_options options = {.struct_size = sizeof(options), .app_id = View("shop")};
  options.api_version = MECHA_API_VERSION;
  options.resource_paths = &folder;
  options.resource_path_count = 1;
  mecha_runtime* rt = NULL;
  mecha_error* error = NULL;
  if (mecha_runtime_open(&options, &rt, &error) || mecha_runtime_start(rt, &error)) {
    fprintf(stderr, "%s\n", mecha_error_message(error));
    return 1;
  }
  mecha_buf value = {"3 lamps", 7, NULL, NULL};
  mecha_result* result = NULL;
  if (mecha_state_set(rt, NULL, View("orders"), View("order-1"), value, NULL, &result)) {
    fprintf(stderr, "%s\n", mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    return 1;
  }
  mecha_result_release(result);

  result = NULL;
  if (mecha_state_get(rt, NULL, View("orders"), View("order-1"), NULL, &result) == MECHA_OK) {
    mecha_item item = {.struct_size = sizeof(item)};
    mecha_result_item(result, 0, &item);
    printf("order-1: %.*s\n", (int)item.value.size, (const char*)item.value.data);
  }
  mecha_result_release(result);
  mecha_runtime_free(rt);
  return 0;
}
