/* SPDX-License-Identifier: Apache-2.0 */
/* The feeds of pubsub.example-c. A feed is a member of its group; all it does is done under the
 * broker's lock, also the deliveries, for the host calls nobody back. */
#include <stdlib.h>

#include "broker.h"

typedef struct feed {
  broker* of;
  group* in;
  member as;
} feed;

void* feed_open(void* context, const mecha_feed_request* request) {
  broker* self = context;
  feed* made = calloc(1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->of = self;
  made->as.host = self->host;
  made->as.feed = request->feed;
  made->as.lease_ns = self->lease_ns;
  TAILQ_INIT(&made->as.held);
  pthread_mutex_lock(&self->mutex);
  made->in = topic_list_join(&self->topics, request->topic, request->group);
  if (made->in != NULL) {
    TAILQ_INSERT_TAIL(&made->in->members, &made->as, link);
  }
  pthread_mutex_unlock(&self->mutex);
  if (made->in == NULL) {
    free(made);
    return NULL;
  }
  return made;
}

/* This broker is in memory: feed_open has reached it. */
void feed_subscribe(void* context, mecha_task task) {
  feed* self = context;
  complete(self->of->host, task, MECHA_OK, NULL);
}

int64_t feed_lease_ns(void* context) {
  const feed* self = context;
  return self->as.lease_ns;
}

/* Under the lock: after messages came back, or credit came. */
static void deliver(feed* self) {
  group_deliver(self->in, broker_now(self->of));
  pthread_cond_signal(&self->of->changed); /* for the leases that have begun */
}

void feed_request(void* context, uint64_t more) {
  feed* self = context;
  pthread_mutex_lock(&self->of->mutex);
  self->as.credit += more;
  deliver(self);
  pthread_mutex_unlock(&self->of->mutex);
}

void feed_settle(void* context, mecha_task task, const mecha_feed_settle* request) {
  feed* self = context;
  pthread_mutex_lock(&self->of->mutex);
  entry* one = entry_list_find(&self->as.held, request->number);
  if (one != NULL) {
    TAILQ_REMOVE(&self->as.held, one, link);
    if (request->kind == MECHA_SETTLE_RETURN) {
      one->attempt -= (request->flags & MECHA_SETTLE_UNSEEN) != 0 ? 1 : 0;
      group_return(self->in, one,
                   request->delay_ns == 0 ? 0 : broker_now(self->of) + request->delay_ns);
      deliver(self);
    } else {
      entry_free(one);
    }
  }
  pthread_mutex_unlock(&self->of->mutex);
  complete(self->of->host, task, one == NULL ? MECHA_NOT_FOUND : MECHA_OK, NULL);
}

void feed_renew(void* context, mecha_task task, const mecha_feed_renew* request) {
  feed* self = context;
  mecha_outcome_item* items = calloc(request->number_count, sizeof *items);
  if (items == NULL) {
    complete(self->of->host, task, MECHA_NO_MEMORY, NULL);
    return;
  }
  pthread_mutex_lock(&self->of->mutex);
  const int64_t until = broker_now(self->of) + self->as.lease_ns;
  for (size_t i = 0; i < request->number_count; ++i) {
    entry* one = entry_list_find(&self->as.held, request->numbers[i]);
    if (one == NULL) {
      items[i].status = MECHA_NOT_FOUND;
    } else {
      one->due_ns = until;
    }
  }
  pthread_mutex_unlock(&self->of->mutex);
  complete_items(self->of->host, task, items, request->number_count);
  free(items);
}

void feed_stop(void* context, mecha_task task) {
  feed* self = context;
  pthread_mutex_lock(&self->of->mutex);
  self->as.is_stopped = true;
  group_deliver(self->in, broker_now(self->of)); /* to the others of the group */
  pthread_mutex_unlock(&self->of->mutex);
  complete(self->of->host, task, MECHA_OK, NULL);
}

void feed_close(void* context) {
  feed* self = context;
  pthread_mutex_lock(&self->of->mutex);
  TAILQ_REMOVE(&self->in->members, &self->as, link);
  group_take_back(self->in, &self->as, 0, true);
  deliver(self);
  pthread_mutex_unlock(&self->of->mutex);
  free(self);
}
