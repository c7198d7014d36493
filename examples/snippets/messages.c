/* SPDX-License-Identifier: Apache-2.0 */
#include <mecha/mecha.h>
#include <stdio.h>
#include <string.h>

static mecha_view View(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

static int Exchange(mecha_runtime* rt) {
  mecha_queue* queue = NULL;
  mecha_registration* registration = NULL;
  mecha_view topic = View("orders");
  mecha_serve_options options = {.struct_size = sizeof(options), .kind = MECHA_SERVE_TOPIC};
  options.component = View("messages");
  options.names = &topic;
  options.name_count = 1;
  if (mecha_queue_open(rt, NULL, &queue) ||
      mecha_serve(rt, NULL, queue, &options, &registration, NULL)) {
    return 1;
  }
  mecha_message message = {.data = {"3 lamps", 7, NULL, NULL}, .id = View("order-1")};
  mecha_publish(rt, NULL, View("messages"), topic, &message, 1, NULL, NULL);

  mecha_event event;
  while (mecha_queue_wait(queue, &event, 1, -1) == 0) { /* 0: a signal came */
  }
  mecha_request_info info = {.struct_size = sizeof(info)};
  mecha_item item = {.struct_size = sizeof(item)};
  mecha_request_read(event.result, 0, &info);
  mecha_result_item(event.result, 0, &item);
  printf("%.*s: %.*s\n", (int)info.message_id.size, (const char*)info.message_id.data,
         (int)item.value.size, (const char*)item.value.data);
  mecha_request_reply(rt, event.id, NULL); /* handled */
  mecha_result_release(event.result);
  mecha_registration_free(registration);
  mecha_queue_free(queue);
  return 0;
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
  int failed = Exchange(rt);
  mecha_runtime_free(rt);
  return failed;
}
