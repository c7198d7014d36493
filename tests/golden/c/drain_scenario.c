/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>

#include "messages.h"

static uint32_t Note(void* user, const mecha_event* request) {
  Inbox* inbox = user;
  mecha_request_info info = {.struct_size = sizeof(info)};
  mecha_request_read(request->result, 0, &info);
  snprintf(inbox->lines[inbox->count++], sizeof(inbox->lines[0]), "%.*s", (int)info.message_id.size,
           (const char*)info.message_id.data);
  return MECHA_VERDICT_OK;
}

/* Answers later, from another thread. */
static mecha_request kept;
static uint32_t Keep(void* user, const mecha_event* request) {
  Note(user, request);
  kept = request->id;
  mecha_result_release(request->result);
  return MECHA_HANDLER_KEEPS;
}

static void* AnswerLater(void* user) {
  const Inbox* inbox = user;
  Sleep(300);
  mecha_request_reply(inbox->rt, kept, NULL);
  return NULL;
}

static void ServeWork(Inbox* inbox, mecha_request_handler handler) {
  const mecha_view topic = View("work");
  Serve(inbox, "serve",
        (mecha_serve_options){.kind = MECHA_SERVE_TOPIC,
                              .component = View("messages"),
                              .names = &topic,
                              .name_count = 1,
                              .credit = 1},
        handler);
}

static void ShutDownInTheMiddle(const char* folder) {
  static const char* const ids[] = {"w1", "w2", "w3"};
  Inbox inbox;
  pthread_t answerer;
  OpenInbox(&inbox, folder);
  ServeWork(&inbox, Keep);
  for (int i = 0; i < 3; ++i) {
    printf("publish %s: %s\n", ids[i], Publish(&inbox, "work", Message(ids[i], "work")));
  }
  Collect(&inbox, 1, 30000);
  printf("in hand: %s\n", inbox.lines[0]);
  pthread_create(&answerer, NULL, AnswerLater, &inbox);
  printf("shutdown: %s\n", mecha_status_name(mecha_runtime_shutdown(inbox.rt, 20000000000, NULL)));
  pthread_join(answerer, NULL);
  Collect(&inbox, 2, 10);
  printf("begun after the shutdown was asked: %zu\n", inbox.count - 1);
  printf("publish after it: %s\n", Publish(&inbox, "work", Message("late", "late")));
  CloseInbox(&inbox);
}

/* What was not begun comes to the next process, where the broker outlives this one. */
static void TakeTheRest(const char* folder) {
  Inbox inbox;
  OpenInbox(&inbox, folder);
  ServeWork(&inbox, Note);
  Collect(&inbox, 2, 5000);
  for (size_t i = 0; i < inbox.count; ++i) printf("then: %s\n", inbox.lines[i]);
  inbox.count = 0;
  Collect(&inbox, 1, 500);
  printf("more: %zu\n", inbox.count);
  CloseInbox(&inbox);
}

void RunDrain(const char* folder) {
  ShutDownInTheMiddle(folder);
  TakeTheRest(folder);
}
