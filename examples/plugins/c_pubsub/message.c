/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const mecha_broker_message* from) {
  size_t size = from->payload.size + from->content_type.size + from->key.size;
  for (size_t i = 0; i < from->metadata_count; ++i) {
    size += from->metadata[i].key.size + from->metadata[i].value.size;
  }
  return size;
}

/* Copies what `from` points to to `*end`, and moves that on. What is absent stays so. */
static mecha_view put(char** end, mecha_view from) {
  const mecha_view copy = {from.data == NULL ? NULL : *end, from.size};
  if (from.size != 0) {
    memcpy(*end, from.data, from.size);
    *end += from.size;
  }
  return copy;
}

message* message_new(const mecha_broker_message* from, uint64_t sequence) {
  const size_t pairs = from->metadata_count * sizeof(mecha_kv);
  message* self = calloc(1, sizeof *self + pairs + bytes_of(from));
  if (self == NULL) {
    return NULL;
  }
  self->references = 1;
  self->sequence = sequence;
  char* end = (char*)(self->metadata + from->metadata_count);
  self->payload = put(&end, from->payload);
  self->content_type = put(&end, from->content_type);
  self->key = put(&end, from->key);
  self->metadata_count = from->metadata_count;
  for (size_t i = 0; i < from->metadata_count; ++i) {
    self->metadata[i].key = put(&end, from->metadata[i].key);
    self->metadata[i].value = put(&end, from->metadata[i].value);
  }
  return self;
}

void message_drop(message* self) {
  if (--self->references == 0) {
    free(self);
  }
}

mecha_view message_id(const message* self, char room[ID_ROOM]) {
  const mecha_view id = {room, (size_t)snprintf(room, ID_ROOM, "%" PRIu64, self->sequence)};
  return id;
}

entry* entry_new(message* of) {
  entry* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->of = of;
    ++of->references;
  }
  return self;
}

void entry_free(entry* self) {
  message_drop(self->of);
  free(self);
}

void entry_list_put(entry_list* list, entry* one) {
  entry* last = TAILQ_LAST(list, entry_list);
  if (last == NULL || last->of->sequence < one->of->sequence) {
    TAILQ_INSERT_TAIL(list, one, link); /* as almost always */
    return;
  }
  entry* behind = TAILQ_FIRST(list);
  while (behind->of->sequence < one->of->sequence) {
    behind = TAILQ_NEXT(behind, link);
  }
  TAILQ_INSERT_BEFORE(behind, one, link);
}

entry* entry_list_find(entry_list* list, uint64_t number) {
  entry* one = TAILQ_FIRST(list);
  while (one != NULL && one->number != number) {
    one = TAILQ_NEXT(one, link);
  }
  return one;
}

void entry_list_clear(entry_list* list) {
  entry* one;
  while ((one = TAILQ_FIRST(list)) != NULL) {
    TAILQ_REMOVE(list, one, link);
    entry_free(one);
  }
}
