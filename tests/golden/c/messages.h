/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenarios with messages share: a runtime whose requests come to one queue, handled by
 * the thread that waits for lines. */
#ifndef MECHA_TESTS_GOLDEN_C_MESSAGES_H
#define MECHA_TESTS_GOLDEN_C_MESSAGES_H

#include <mecha/dispatcher.h>

#include "scenarios.h"

enum { MAX_LINES = 16, MAX_SERVED = 4 };

typedef struct Inbox {
  mecha_runtime* rt;
  mecha_queue* queue;
  mecha_dispatcher dispatcher;
  mecha_dispatcher_entry entries[MAX_SERVED];
  mecha_registration* registrations[MAX_SERVED];
  size_t served;
  char lines[MAX_LINES][160]; /* what the handlers wrote */
  size_t count;
} Inbox;

/* Starts a runtime and opens the queue. */
void OpenInbox(Inbox* inbox, const char* folder);
void CloseInbox(Inbox* inbox);

/* Serves as the options say; prints how that ended. */
void Serve(Inbox* inbox, const char* what, mecha_serve_options options,
           mecha_request_handler handler);

/* Handles requests until there are `count` lines or `patience_ms` is over. */
void Collect(Inbox* inbox, size_t count, int patience_ms);

/* Publishes; returns the status's name. */
const char* Publish(Inbox* inbox, const char* topic, mecha_message message);
mecha_message Message(const char* id, const char* data);

#endif /* MECHA_TESTS_GOLDEN_C_MESSAGES_H */
