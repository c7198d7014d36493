/* SPDX-License-Identifier: Apache-2.0 */
#include "topic.h"

#include <stdlib.h>
#include <string.h>

static bool has_name(const char* name, size_t size, mecha_view wanted) {
  return size == wanted.size && memcmp(name, wanted.data, size) == 0;
}

topic* topic_find(topic_list* list, mecha_view name) {
  topic* one = TAILQ_FIRST(list);
  while (one != NULL && !has_name(one->name, one->name_size, name)) {
    one = TAILQ_NEXT(one, link);
  }
  return one;
}

static topic* topic_add(topic_list* list, mecha_view name) {
  topic* self = calloc(1, sizeof *self + name.size);
  if (self != NULL) {
    TAILQ_INIT(&self->groups);
    self->name_size = name.size;
    memcpy(self->name, name.data, name.size);
    TAILQ_INSERT_TAIL(list, self, link);
  }
  return self;
}

static group* group_add(topic* to, mecha_view name) {
  group* self = calloc(1, sizeof *self + name.size);
  if (self != NULL) {
    TAILQ_INIT(&self->waiting);
    TAILQ_INIT(&self->members);
    self->name_size = name.size;
    memcpy(self->name, name.data, name.size);
    TAILQ_INSERT_TAIL(&to->groups, self, link);
  }
  return self;
}

group* topic_list_join(topic_list* list, mecha_view topic_name, mecha_view group_name) {
  topic* of = topic_find(list, topic_name);
  if (of == NULL) {
    of = topic_add(list, topic_name);
  }
  if (of == NULL) {
    return NULL;
  }
  group* one = TAILQ_FIRST(&of->groups);
  while (one != NULL && !has_name(one->name, one->name_size, group_name)) {
    one = TAILQ_NEXT(one, link);
  }
  return one == NULL ? group_add(of, group_name) : one;
}

void topic_list_clear(topic_list* list) {
  topic* one;
  while ((one = TAILQ_FIRST(list)) != NULL) {
    group* of;
    while ((of = TAILQ_FIRST(&one->groups)) != NULL) {
      entry_list_clear(&of->waiting);
      TAILQ_REMOVE(&one->groups, of, link);
      free(of);
    }
    TAILQ_REMOVE(list, one, link);
    free(one);
  }
}

bool topic_give(topic* self, message* one) {
  /* Everything that can fail comes before the first change. */
  entry_list made = TAILQ_HEAD_INITIALIZER(made);
  group* to;
  TAILQ_FOREACH(to, &self->groups, link) {
    entry* kept = entry_new(one);
    if (kept == NULL) {
      entry_list_clear(&made);
      return false;
    }
    TAILQ_INSERT_TAIL(&made, kept, link);
  }
  TAILQ_FOREACH(to, &self->groups, link) {
    entry* kept = TAILQ_FIRST(&made);
    TAILQ_REMOVE(&made, kept, link);
    entry_list_put(&to->waiting, kept);
  }
  return true;
}

/* The next member that may have a message; it goes to the end of the row. */
static member* next_taker(group* self) {
  member* one;
  TAILQ_FOREACH(one, &self->members, link) {
    if (one->credit > 0 && !one->is_stopped) {
      TAILQ_REMOVE(&self->members, one, link);
      TAILQ_INSERT_TAIL(&self->members, one, link);
      return one;
    }
  }
  return NULL;
}

/* False when the library did not take it. */
static bool hand_over(member* to, entry* one, int64_t now) {
  const message* of = one->of;
  char room[ID_ROOM];
  mecha_delivery delivery = {0};
  delivery.number = to->last_number + 1;
  delivery.attempt = one->attempt + 1;
  delivery.payload = of->payload;
  delivery.content_type = of->content_type;
  delivery.id = message_id(of, room);
  delivery.key = of->key;
  delivery.metadata = of->metadata;
  delivery.metadata_count = of->metadata_count;
  delivery.enqueued_unix_ms = of->enqueued_unix_ms;
  delivery.held_since_ns = now;
  if (to->host->deliver(to->host, to->feed, &delivery, 1) != MECHA_OK) {
    return false;
  }
  one->number = ++to->last_number;
  ++one->attempt;
  one->due_ns = now + to->lease_ns;
  --to->credit;
  return true;
}

void group_deliver(group* self, int64_t now) {
  entry* next;
  for (entry* one = TAILQ_FIRST(&self->waiting); one != NULL; one = next) {
    next = TAILQ_NEXT(one, link);
    if (one->of->expires_ns != 0 && now >= one->of->expires_ns) {
      TAILQ_REMOVE(&self->waiting, one, link);
      entry_free(one);
      continue;
    }
    if (one->due_ns > now) {
      continue;
    }
    member* taker = next_taker(self);
    if (taker == NULL || !hand_over(taker, one, now)) {
      return; /* the thread of the broker tries again */
    }
    TAILQ_REMOVE(&self->waiting, one, link);
    TAILQ_INSERT_TAIL(&taker->held, one, link);
  }
}

void topic_deliver(topic* self, int64_t now) {
  group* one;
  TAILQ_FOREACH(one, &self->groups, link) { group_deliver(one, now); }
}

void group_return(group* self, entry* one, int64_t due_ns) {
  one->due_ns = due_ns;
  entry_list_put(&self->waiting, one);
}

void group_take_back(group* self, member* from, int64_t now, bool all) {
  entry* next;
  for (entry* one = TAILQ_FIRST(&from->held); one != NULL; one = next) {
    next = TAILQ_NEXT(one, link);
    if (all || one->due_ns <= now) {
      TAILQ_REMOVE(&from->held, one, link);
      group_return(self, one, 0);
    }
  }
}

bool group_awaits(const group* self) {
  const member* one;
  TAILQ_FOREACH(one, &self->members, link) {
    if (!TAILQ_EMPTY(&one->held) || (one->credit > 0 && !TAILQ_EMPTY(&self->waiting))) {
      return true;
    }
  }
  return false;
}
