/* SPDX-License-Identifier: Apache-2.0 */
/* The one component type of this plug-in, its broker, and the functions of a feed. */
#ifndef EXAMPLE_BROKER_H
#define EXAMPLE_BROKER_H

#include <mecha/component.h>
#include <pthread.h>

#include "topic.h"

extern const mecha_component_type example_broker_type;

typedef struct broker {
  const mecha_host* host;
  int64_t lease_ns;
  pthread_mutex_t mutex;  /* the rest, and all topics */
  pthread_cond_t changed; /* wakes the thread */
  topic_list topics;
  uint64_t last_sequence;
  pthread_t thread; /* gives back what is due */
  bool has_thread;
  bool is_ending;
} broker;

/* What the feed functions of the type are (feed.c). */
void* feed_open(void* self, const mecha_feed_request* request);
void feed_subscribe(void* feed, mecha_task task);
int64_t feed_lease_ns(void* feed);
void feed_request(void* feed, uint64_t more);
void feed_settle(void* feed, mecha_task task, const mecha_feed_settle* request);
void feed_renew(void* feed, mecha_task task, const mecha_feed_renew* request);
void feed_stop(void* feed, mecha_task task);
void feed_close(void* feed);

/* Completes `task` with `count` items, or none. `words` may be NULL. */
static inline void complete(const mecha_host* host, mecha_task task, mecha_status status,
                            const char* words) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.status = status;
  outcome.message = mecha_view_of(words);
  host->complete(host, task, &outcome);
}

static inline void complete_items(const mecha_host* host, mecha_task task,
                                  const mecha_outcome_item* items, size_t count) {
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  outcome.items = items;
  outcome.item_count = count;
  host->complete(host, task, &outcome);
}

static inline int64_t broker_now(const broker* self) { return self->host->steady_ns(self->host); }

#endif
