/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, and what each group keeps of one. They take no lock: the broker does. */
#ifndef EXAMPLE_MESSAGE_H
#define EXAMPLE_MESSAGE_H

#include <mecha/component.h>
#include <stdbool.h>
#include <sys/queue.h>

enum { ID_ROOM = 24 };

/* One message; the groups share it. */
typedef struct message {
  size_t references;
  uint64_t sequence; /* its place among all messages */
  int64_t enqueued_unix_ms;
  int64_t expires_ns; /* by mecha_host.steady_ns; 0: never */
  mecha_view payload;
  mecha_view content_type;
  mecha_view key;
  size_t metadata_count;
  mecha_kv metadata[]; /* and the bytes behind it */
} message;

/* A message as one group keeps it: it waits, or is in the hands of a feed. */
typedef struct entry {
  message* of;
  uint32_t attempt; /* how often it was handed out */
  uint64_t number;  /* in a feed's hands: of the delivery */
  int64_t due_ns;   /* it waits: not to be had before. In a feed's hands: the end of its lease */
  TAILQ_ENTRY(entry) link;
} entry;

typedef TAILQ_HEAD(entry_list, entry) entry_list;

/* A copy with one reference; NULL when there is no memory. */
message* message_new(const mecha_broker_message* from, uint64_t sequence);
void message_drop(message* self);
/* The sequence as text, in `room`. */
mecha_view message_id(const message* self, char room[ID_ROOM]);

/* Adds a reference of its own; NULL when there is no memory. */
entry* entry_new(message* of);
void entry_free(entry* self);
/* Into its place by sequence. */
void entry_list_put(entry_list* list, entry* one);
entry* entry_list_find(entry_list* list, uint64_t number);
void entry_list_clear(entry_list* list);

#endif
