/* SPDX-License-Identifier: Apache-2.0 */
/* pubsub.example-c: queues in memory under one lock, with leases. Whoever changes something
 * delivers what can be delivered; a thread gives back what was due later. */
#include "broker.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_NS = 10000000 };

static void* create(const mecha_host* host) {
  broker* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->host = host;
    TAILQ_INIT(&self->topics);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
  }
  return self;
}

/* Ends the leases that are over, and delivers. True: look again soon. */
static bool look(broker* self) {
  const int64_t now = broker_now(self);
  bool awaits = false;
  topic* one;
  group* of;
  member* each;
  TAILQ_FOREACH(one, &self->topics, link) {
    TAILQ_FOREACH(of, &one->groups, link) {
      TAILQ_FOREACH(each, &of->members, link) { group_take_back(of, each, now, false); }
      group_deliver(of, now);
      awaits = awaits || group_awaits(of);
    }
  }
  return awaits;
}

/* The thread. It looks often rather than sleep until something is due, for tests move the clock. */
static void* watch(void* context) {
  broker* self = context;
  pthread_mutex_lock(&self->mutex);
  while (!self->is_ending) {
    if (!look(self)) {
      pthread_cond_wait(&self->changed, &self->mutex);
      continue;
    }
    pthread_mutex_unlock(&self->mutex);
    nanosleep(&(struct timespec){0, TICK_NS}, NULL);
    pthread_mutex_lock(&self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}

/* Also resume. Signals are for the threads of the host. */
static void start(void* context, mecha_task task) {
  broker* self = context;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  self->is_ending = false;
  self->has_thread = pthread_create(&self->thread, NULL, watch, self) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  complete(self->host, task, self->has_thread ? MECHA_OK : MECHA_RESOURCE_EXHAUSTED,
           self->has_thread ? NULL : "no thread can be started. Raise the limit of threads");
}

static void init(void* context, mecha_task task) {
  broker* self = context;
  self->lease_ns = self->host->setting_number(self->host, "leaseTime");
  if (self->lease_ns <= 0) {
    complete(self->host, task, MECHA_INVALID_ARGUMENT, "leaseTime must be more than zero");
    return;
  }
  start(self, task);
}

static void end_thread(broker* self) {
  if (!self->has_thread) {
    return;
  }
  pthread_mutex_lock(&self->mutex);
  self->is_ending = true;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->mutex);
  pthread_join(self->thread, NULL);
  self->has_thread = false;
}

static void suspend(void* context, uint32_t keep_connections) {
  (void)keep_connections; /* there are none */
  end_thread(context);
}

static void close_broker(void* context) {
  broker* self = context;
  end_thread(self);
  topic_list_clear(&self->topics);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

/* `now` and `ttl_ms` later; the far end of time instead of beyond. */
static int64_t later(int64_t now, int64_t ttl_ms) {
  return ttl_ms > (INT64_MAX - now) / 1000000 ? INT64_MAX : now + ttl_ms * 1000000;
}

/* Under the lock. Keeps one message; `id` is its id. */
static mecha_outcome_item keep(broker* self, topic* to, const mecha_broker_message* from,
                               char id[ID_ROOM]) {
  mecha_outcome_item item = {0};
  message* made = message_new(from, self->last_sequence + 1);
  if (made == NULL) {
    item.status = MECHA_NO_MEMORY;
    return item;
  }
  made->enqueued_unix_ms = self->host->wall_unix_ms(self->host);
  made->expires_ns = from->ttl_ms == 0 ? 0 : later(broker_now(self), from->ttl_ms);
  if (to == NULL || topic_give(to, made)) {
    ++self->last_sequence;
    item.etag = message_id(made, id);
  } else {
    item.status = MECHA_NO_MEMORY;
  }
  message_drop(made);
  return item;
}

/* Also one message. Without a group of its topic a message is accepted and dropped. */
static void publish(void* context, mecha_task task, const mecha_broker_publish* request) {
  broker* self = context;
  const size_t count = request->message_count;
  mecha_outcome_item* items = calloc(count, sizeof *items);
  char(*ids)[ID_ROOM] = calloc(count, sizeof *ids);
  if (items == NULL || ids == NULL) {
    complete(self->host, task, MECHA_NO_MEMORY, NULL);
  } else {
    pthread_mutex_lock(&self->mutex);
    topic* to = topic_find(&self->topics, request->topic);
    for (size_t i = 0; i < count; ++i) {
      items[i] = keep(self, to, &request->messages[i], ids[i]);
    }
    if (to != NULL) {
      topic_deliver(to, broker_now(self));
      pthread_cond_signal(&self->changed); /* for the leases that have begun */
    }
    pthread_mutex_unlock(&self->mutex);
    complete_items(self->host, task, items, count);
  }
  free(items);
  free(ids);
}

static const mecha_field fields[] = {
    {.name = "leaseTime",
     .description = "How long a message may be in hand without a renewal",
     .default_text = "30s",
     .type = MECHA_FIELD_DURATION},
};

static const mecha_pubsub_functions functions = {
    .struct_size = sizeof(mecha_pubsub_functions),
    .publish = publish,
    .publish_many = publish,
    .open_feed = feed_open,
    .subscribe = feed_subscribe,
    .lease_ns = feed_lease_ns,
    .request = feed_request,
    .settle = feed_settle,
    .renew = feed_renew,
    .stop = feed_stop,
    .close_feed = feed_close,
};

const mecha_component_type example_broker_type = {
    .struct_size = sizeof(mecha_component_type),
    .kind = MECHA_COMPONENT_PUBSUB,
    .type = "pubsub.example-c",
    .version = "v1",
    .status = "alpha",
    .description = "Queues in memory, with leases, as an example of a plug-in.",
    .threads = MECHA_THREADS_INLINE,
    .capabilities = MECHA_CAN_TTL | MECHA_CAN_DELAY | MECHA_CAN_ORDER | MECHA_CAN_COUNT |
                    MECHA_CAN_METADATA | MECHA_HAS_BROKER_ID | MECHA_IS_EMBEDDED,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .create = create,
    .init = init,
    .suspend = suspend,
    .resume = start,
    .close = close_broker,
    .pubsub = &functions,
};
