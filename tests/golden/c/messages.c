/* SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include <stdio.h>
#include <string.h>

void OpenInbox(Inbox* inbox, const char* folder) {
  memset(inbox, 0, sizeof(*inbox));
  inbox->rt = Start(folder);
  mecha_queue_open(inbox->rt, NULL, &inbox->queue);
  mecha_dispatcher_init(&inbox->dispatcher, inbox->rt, inbox->queue, inbox->entries, MAX_SERVED);
}

void CloseInbox(Inbox* inbox) {
  for (size_t i = 0; i < inbox->served; ++i) mecha_registration_free(inbox->registrations[i]);
  mecha_queue_free(inbox->queue);
  mecha_runtime_free(inbox->rt);
}

void Serve(Inbox* inbox, const char* what, mecha_serve_options options,
           mecha_request_handler handler) {
  options.struct_size = sizeof(options);
  options.token = inbox->served + 1;
  mecha_dispatcher_add(&inbox->dispatcher, options.token, handler, inbox);
  const mecha_status status = mecha_serve(inbox->rt, NULL, inbox->queue, &options,
                                          &inbox->registrations[inbox->served++], NULL);
  printf("%s: %s\n", what, mecha_status_name(status));
}

void Collect(Inbox* inbox, size_t count, int patience_ms) {
  for (int waited = 0; inbox->count < count && waited < patience_ms; waited += 10) {
    mecha_dispatcher_run_one(&inbox->dispatcher, 10 * 1000000);
  }
}

const char* Publish(Inbox* inbox, const char* topic, mecha_message message) {
  return mecha_status_name(
      mecha_publish(inbox->rt, NULL, View("messages"), View(topic), &message, 1, NULL, NULL));
}

mecha_message Message(const char* id, const char* data) {
  mecha_message message = {.data = {data, strlen(data), NULL, NULL}, .id = View(id)};
  return message;
}
