/* SPDX-License-Identifier: Apache-2.0 */
/* state.example-c: a sorted table in memory, under one lock. Nothing blocks, so every task is
 * completed before its function returns (MECHA_THREADS_INLINE). */
#include <inttypes.h>
#include <mecha/state.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stores.h"
#include "value_table.h"

enum { ETAG_ROOM = 24 };

typedef struct state_store {
  const mecha_host* host;
  pthread_mutex_t mutex; /* the rest */
  value_table table;
  uint64_t last_version;
} state_store;

static void* create(const mecha_host* host) {
  state_store* self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->host = host;
    pthread_mutex_init(&self->mutex, NULL);
  }
  return self;
}

static void init(void* context, mecha_task task) {
  state_store* self = context;
  complete_with(self->host, task, MECHA_OK, NULL);
}

static void close_store(void* context) {
  state_store* self = context;
  value_table_clear(&self->table);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

/* The live entry of `key`, or NULL. One that has expired goes. */
static value_entry* find_live(state_store* self, mecha_view key) {
  const size_t place = value_table_find(&self->table, key);
  if (!value_table_is_at(&self->table, place, key)) {
    return NULL;
  }
  value_entry* entry = self->table.entries[place];
  if (entry->expires_ns != 0 && self->host->steady_ns(self->host) >= entry->expires_ns) {
    value_table_remove_at(&self->table, place);
    return NULL;
  }
  return entry;
}

/* The version as text, in `room`. */
static mecha_view etag_of(uint64_t version, char room[ETAG_ROOM]) {
  const int size = snprintf(room, ETAG_ROOM, "%" PRIu64, version);
  const mecha_view view = {room, (size_t)size};
  return view;
}

/* False for a text that is no version as etag_of writes it. */
static bool parse_etag(mecha_view etag, uint64_t* version) {
  char room[ETAG_ROOM];
  *version = 0;
  for (size_t i = 0; i < etag.size && i < ETAG_ROOM; ++i) {
    *version = *version * 10 + (uint64_t)(((const char*)etag.data)[i] - '0');
  }
  const mecha_view again = etag_of(*version, room);
  return *version != 0 && again.size == etag.size && memcmp(again.data, etag.data, etag.size) == 0;
}

/* Under the mutex. What it points to is valid until the table changes. */
static mecha_outcome_item read_one(state_store* self, mecha_view key, char room[ETAG_ROOM]) {
  mecha_outcome_item item = {0};
  const value_entry* entry = find_live(self, key);
  if (entry == NULL) {
    item.status = MECHA_NOT_FOUND;
    return item;
  }
  item.value = value_entry_value(entry);
  item.etag = etag_of(entry->version, room);
  item.flags = entry->flags;
  item.expires_unix_ms = entry->expires_unix_ms;
  return item;
}

static void get(void* context, mecha_task task, const mecha_store_get* request) {
  state_store* self = context;
  char room[ETAG_ROOM];
  pthread_mutex_lock(&self->mutex);
  const mecha_outcome_item item = read_one(self, request->keys[0], room);
  complete_items(self->host, task, &item, 1);
  pthread_mutex_unlock(&self->mutex);
}

static mecha_outcome_item failure(mecha_status status, const char* message) {
  mecha_outcome_item item = {0};
  item.status = status;
  item.message = mecha_view_of(message);
  return item;
}

/* Whether the condition of `write` holds. Under the mutex. */
static mecha_outcome_item check(state_store* self, const mecha_store_write* write) {
  static const mecha_outcome_item holds = {0};
  if (write->condition == MECHA_WRITE_ALWAYS) {
    return holds;
  }
  const value_entry* entry = find_live(self, write->key);
  if (write->condition == MECHA_WRITE_IF_ABSENT) {
    return entry == NULL ? holds : failure(MECHA_ABORTED, "there is a value already");
  }
  uint64_t wanted;
  if (!parse_etag(write->etag, &wanted)) {
    return failure(MECHA_INVALID_ARGUMENT, "the etag is none of this store; read the value again");
  }
  return entry != NULL && entry->version == wanted
             ? holds
             : failure(MECHA_ABORTED, "the value has another etag, or is gone; read it again");
}

/* `now` in `unit` parts of a millisecond, plus `ttl_ms`; the far end of time instead of beyond. */
static int64_t later(int64_t now, int64_t ttl_ms, int64_t unit) {
  return ttl_ms > (INT64_MAX - now) / unit ? INT64_MAX : now + ttl_ms * unit;
}

/* Carries out a write that was checked; `entry` is its new entry, NULL for a delete. */
static mecha_outcome_item carry_out(state_store* self, const mecha_store_write* write,
                                    value_entry* entry, char room[ETAG_ROOM]) {
  mecha_outcome_item item = {0};
  if (entry == NULL) {
    if (find_live(self, write->key) != NULL) {
      value_table_remove_at(&self->table, value_table_find(&self->table, write->key));
    }
    return item;
  }
  entry->version = ++self->last_version;
  entry->flags = write->flags;
  if (write->ttl_ms != 0) {
    entry->expires_ns = later(self->host->steady_ns(self->host), write->ttl_ms, 1000000);
    entry->expires_unix_ms = later(self->host->wall_unix_ms(self->host), write->ttl_ms, 1);
  }
  item.etag = etag_of(entry->version, room);
  value_table_put(&self->table, entry);
  return item;
}

/* Makes the new entry of a set and room for it. False when there is no memory. */
static bool prepare(state_store* self, const mecha_store_write* write, value_entry** entry) {
  *entry = NULL;
  if (write->kind == MECHA_STATE_DELETE) {
    return true;
  }
  *entry = value_entry_new(write->key, write->value);
  if (*entry != NULL && value_table_reserve(&self->table, 1)) {
    return true;
  }
  free(*entry);
  *entry = NULL;
  return false;
}

static mecha_outcome_item write_one(state_store* self, const mecha_store_write* write,
                                    char room[ETAG_ROOM]) {
  mecha_outcome_item item = check(self, write);
  if (item.status != MECHA_OK) {
    return item;
  }
  value_entry* entry;
  if (!prepare(self, write, &entry)) {
    return failure(MECHA_NO_MEMORY, NULL);
  }
  return carry_out(self, write, entry, room);
}

static void write_key(void* context, mecha_task task, const mecha_store_apply* request) {
  state_store* self = context;
  char room[ETAG_ROOM];
  pthread_mutex_lock(&self->mutex);
  const mecha_outcome_item item = write_one(self, request->writes, room);
  complete_items(self->host, task, &item, 1);
  pthread_mutex_unlock(&self->mutex);
}

/* All or nothing: everything that can fail comes before the first change. */
static void transact(state_store* self, const mecha_store_apply* request, value_entry** entries,
                     mecha_outcome_item* items, char (*rooms)[ETAG_ROOM]) {
  const size_t count = request->write_count;
  size_t fault = count;
  for (size_t i = 0; i < count && fault == count; ++i) {
    items[i] = check(self, &request->writes[i]);
    if (items[i].status == MECHA_OK && !prepare(self, &request->writes[i], &entries[i])) {
      items[i] = failure(MECHA_NO_MEMORY, NULL);
    }
    fault = items[i].status == MECHA_OK ? count : i;
  }
  if (fault == count && !value_table_reserve(&self->table, count)) {
    fault = 0;
    items[0] = failure(MECHA_NO_MEMORY, NULL);
  }
  for (size_t i = 0; i < count; ++i) {
    if (fault == count) {
      items[i] = carry_out(self, &request->writes[i], entries[i], rooms[i]);
      continue;
    }
    free(entries[i]);
    if (i != fault) {
      items[i] = failure(MECHA_CANCELLED, NULL);
    }
  }
}

static void apply(void* context, mecha_task task, const mecha_store_apply* request) {
  state_store* self = context;
  const size_t count = request->write_count;
  mecha_outcome_item* items = calloc(count, sizeof *items);
  value_entry** entries = calloc(count, sizeof(value_entry*));
  char(*rooms)[ETAG_ROOM] = calloc(count, sizeof *rooms);
  if (items == NULL || entries == NULL || rooms == NULL) {
    complete_with(self->host, task, MECHA_NO_MEMORY, NULL);
  } else {
    pthread_mutex_lock(&self->mutex);
    if (request->atomic) {
      transact(self, request, entries, items, rooms);
    } else {
      for (size_t i = 0; i < count; ++i) {
        items[i] = write_one(self, &request->writes[i], rooms[i]);
      }
    }
    complete_items(self->host, task, items, count);
    pthread_mutex_unlock(&self->mutex);
  }
  free(items);
  free(entries);
  free(rooms);
}

static bool has_prefix(mecha_view key, mecha_view prefix) {
  return key.size >= prefix.size &&
         (prefix.size == 0 || memcmp(key.data, prefix.data, prefix.size) == 0);
}

/* The position of a page is the last key of the one before. */
static void list(void* context, mecha_task task, const mecha_store_list* request) {
  state_store* self = context;
  mecha_outcome outcome = {0};
  outcome.struct_size = sizeof outcome;
  pthread_mutex_lock(&self->mutex);
  const value_table* table = &self->table;
  mecha_outcome_item* items = calloc(table->count + 1, sizeof *items);
  const bool is_first = request->position.data == NULL;
  size_t place = value_table_find(table, is_first ? request->prefix : request->position);
  if (!is_first && value_table_is_at(table, place, request->position)) {
    ++place;
  }
  const int64_t now = self->host->steady_ns(self->host);
  for (; items != NULL && place < table->count; ++place) {
    const value_entry* entry = table->entries[place];
    if (!has_prefix(value_entry_key(entry), request->prefix)) {
      break;
    }
    if (entry->expires_ns != 0 && now >= entry->expires_ns) {
      continue;
    }
    if (outcome.item_count == request->limit) {
      outcome.next = items[outcome.item_count - 1].key;
      break;
    }
    items[outcome.item_count++].key = value_entry_key(entry);
  }
  outcome.status = items == NULL ? MECHA_NO_MEMORY : MECHA_OK;
  outcome.items = items;
  self->host->complete(self->host, task, &outcome);
  pthread_mutex_unlock(&self->mutex);
  free(items);
}

static const mecha_state_functions functions = {
    .struct_size = sizeof(mecha_state_functions),
    .get = get,
    .write = write_key,
    .apply = apply,
    .list = list,
};

const mecha_component_type example_state_type = {
    .struct_size = sizeof(mecha_component_type),
    .kind = MECHA_COMPONENT_STATE,
    .type = "state.example-c",
    .version = "v1",
    .status = "alpha",
    .description = "A sorted table in memory, as an example of a plug-in.",
    .threads = MECHA_THREADS_INLINE,
    .capabilities = MECHA_CAN_ETAG | MECHA_CAN_TRANSACTION | MECHA_CAN_TTL | MECHA_CAN_STRONG |
                    MECHA_CAN_JSON | MECHA_CAN_ANY_KEY | MECHA_CAN_LONG_KEY | MECHA_IS_EMBEDDED,
    .state = &functions,
    .create = create,
    .init = init,
    .close = close_store,
};
