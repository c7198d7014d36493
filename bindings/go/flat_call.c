// SPDX-License-Identifier: Apache-2.0
// Calls from a tape: reads the words that Go wrote, fills the C structs and calls.
#include <stdlib.h>
#include <string.h>

#include "flat.h"
#include "flat_tape.h"

// A mecha_call with what it points to.
typedef struct Call {
  mecha_call call;
  mecha_retry retry;
  mecha_op op;
  mecha_kv* metadata;
} Call;

static void fill_retry(const FlatCall* from, Call* to) {
  to->retry.struct_size = sizeof to->retry;
  to->retry.pattern = from->retry_pattern;
  to->retry.interval_ns = from->retry_interval_ns;
  to->retry.max_interval_ns = from->retry_max_interval_ns;
  to->retry.limit = from->retry_limit;
  to->call.retry = &to->retry;
}

static mecha_status fill_extras(Tape* tape, Call* to) {
  to->call.traceparent = next_view(tape);
  to->call.tracestate = next_view(tape);
  to->call.baggage = next_view(tape);
  to->call.idempotency_key = next_view(tape);
  to->call.metadata = to->metadata = next_pairs(tape, &to->call.metadata_count);
  return to->metadata == NULL ? MECHA_NO_MEMORY : MECHA_OK;
}

static mecha_runtime* runtime_of(const FlatCall* call) {
  return (mecha_runtime*)(uintptr_t)call->rt;
}

// Every field by name: to clear the struct first would take longer than the rest.
static void fill_numbers(const FlatCall* from, mecha_op* op, mecha_call* to) {
  const mecha_view none = {NULL, 0};
  const int waits = from->blocks != 0;
  *op = 0;
  to->struct_size = sizeof *to;
  to->flags = from->flags;
  to->queue = waits ? NULL : (mecha_queue*)(uintptr_t)from->queue;
  to->token = waits ? 0 : from->token;
  to->op = waits ? NULL : op;
  to->timeout_ns = from->timeout_ns;
  to->metadata = NULL;
  to->metadata_count = 0;
  to->traceparent = to->tracestate = to->baggage = none;
  to->within = from->within;
  to->retry = NULL;
  to->idempotency_key = none;
  to->interrupted = NULL;
  to->user = NULL;
}

static mecha_status fill_call(const FlatCall* from, Tape* tape, Call* to) {
  fill_numbers(from, &to->op, &to->call);
  memset(&to->retry, 0, sizeof to->retry);
  to->metadata = NULL;
  if (from->has_retry) fill_retry(from, to);
  return from->has_extras ? fill_extras(tape, to) : MECHA_OK;
}

static int32_t finish(mecha_status status, const Call* call, mecha_result* result, FlatOut* out) {
  out->status = status;
  out->op = call->op;
  out->result = 0;
  if (status != MECHA_PENDING) flat_take((uint64_t)(uintptr_t)result, out);
  free(call->metadata);
  return status;
}

static int fits(const mecha_item* item) {
  return item->value.size <= FLAT_BLOCK_SIZE &&
         item->etag.size <= FLAT_BLOCK_SIZE - item->value.size;
}

static int fits_room(const mecha_item* item, const FlatCall* call) {
  return item->value.size >= call->room_from && item->value.size <= call->room_size &&
         item->etag.size <= FLAT_BLOCK_SIZE;
}

static void put_value(const mecha_item* item, int is_in_room, char* room, FlatOut* out) {
  char* value = is_in_room ? room : out->block;
  char* etag = is_in_room ? out->block : out->block + item->value.size;
  if (item->value.size != 0) memcpy(value, item->value.data, item->value.size);
  if (item->etag.size != 0) memcpy(etag, item->etag.data, item->etag.size);
  out->value_place = is_in_room ? FLAT_VALUE_IN_ROOM : FLAT_VALUE_IN_BLOCK;
  out->result = 0;
  out->item_flags = item->flags;
  out->value_size = item->value.size;
  out->etag_size = item->etag.size;
  out->expires_unix_ms = item->expires_unix_ms;
}

// `call` is NULL when there is no room.
static void take_value(uint64_t handle, const FlatCall* call, char* room, FlatOut* out) {
  mecha_result* result = (mecha_result*)(uintptr_t)handle;
  mecha_item item;
  item.struct_size = sizeof item;
  out->value_place = FLAT_VALUE_NONE;
  if (out->status == MECHA_OK && mecha_result_item(result, 0, &item) == MECHA_OK) {
    const int is_in_room = call != NULL && fits_room(&item, call);
    if (is_in_room || fits(&item)) {
      put_value(&item, is_in_room, room, out);
      mecha_result_release(result);
      return;
    }
  }
  flat_take(handle, out);
}

void flat_take_value(uint64_t handle, FlatOut* out) { take_value(handle, NULL, NULL, out); }

int32_t flat_state_get(const FlatCall* from, const char* store, const char* key, char* room,
                       FlatOut* out) {
  mecha_call call;
  mecha_op op;
  fill_numbers(from, &op, &call);
  const mecha_view store_view = {store == NULL ? "" : store, (size_t)from->store_size};
  const mecha_view key_view = {key == NULL ? "" : key, (size_t)from->key_size};
  const mecha_state_get_options options = {sizeof options, from->consistency};
  const mecha_state_get_options* wanted = from->consistency == 0 ? NULL : &options;
  mecha_result* result = NULL;
  out->result = 0;
  out->status = mecha_state_get(runtime_of(from), &call, store_view, key_view, wanted, &result);
  out->op = op;
  if (out->status != MECHA_PENDING) take_value((uint64_t)(uintptr_t)result, from, room, out);
  return out->status;
}

// What one of the functions below needs.
typedef struct Site {
  mecha_runtime* rt;
  const mecha_call* call;
  Tape tape;
  mecha_registration* registration;
  mecha_result* result;
} Site;

static mecha_status state_get(Site* site) {
  const mecha_view store = next_view(&site->tape);
  const mecha_view key = next_view(&site->tape);
  const mecha_state_get_options options = {sizeof options, (uint32_t)next(&site->tape)};
  return mecha_state_get(site->rt, site->call, store, key, &options, &site->result);
}

static mecha_status state_get_many(Site* site) {
  const mecha_view store = next_view(&site->tape);
  const mecha_state_get_options options = {sizeof options, (uint32_t)next(&site->tape)};
  size_t count = 0;
  mecha_view* keys = next_views(&site->tape, &count);
  if (keys == NULL) return MECHA_NO_MEMORY;
  const mecha_status status =
      mecha_state_get_many(site->rt, site->call, store, keys, count, &options, &site->result);
  free(keys);
  return status;
}

static mecha_status state_set(Site* site) {
  mecha_state_set_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  const mecha_view store = next_view(&site->tape);
  const mecha_view key = next_view(&site->tape);
  const mecha_buf value = next_buf(&site->tape);
  options.flags = (uint32_t)next(&site->tape);
  options.consistency = (uint32_t)next(&site->tape);
  options.etag = next_view(&site->tape);
  options.content_type = next_view(&site->tape);
  options.ttl_ms = (int64_t)next(&site->tape);
  return mecha_state_set(site->rt, site->call, store, key, value, &options, &site->result);
}

static mecha_status state_delete(Site* site) {
  mecha_state_delete_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  const mecha_view store = next_view(&site->tape);
  const mecha_view key = next_view(&site->tape);
  options.flags = (uint32_t)next(&site->tape);
  options.consistency = (uint32_t)next(&site->tape);
  options.etag = next_view(&site->tape);
  return mecha_state_delete(site->rt, site->call, store, key, &options, &site->result);
}

static mecha_status fill_write(Tape* tape, mecha_state_op* op) {
  op->kind = (uint32_t)next(tape);
  op->flags = (uint32_t)next(tape);
  op->key = next_view(tape);
  op->value = next_buf(tape);
  op->etag = next_view(tape);
  op->content_type = next_view(tape);
  op->ttl_ms = (int64_t)next(tape);
  op->metadata = next_pairs(tape, &op->metadata_count);
  return op->metadata == NULL ? MECHA_NO_MEMORY : MECHA_OK;
}

static mecha_status state_apply(Site* site) {
  mecha_state_apply_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  const mecha_view store = next_view(&site->tape);
  options.atomic = (uint32_t)next(&site->tape);
  options.consistency = (uint32_t)next(&site->tape);
  const size_t count = (size_t)next(&site->tape);
  mecha_state_op* ops = room_for(count, sizeof *ops);
  mecha_status status = ops == NULL ? MECHA_NO_MEMORY : MECHA_OK;
  for (size_t i = 0; i < count && status == MECHA_OK; ++i) {
    status = fill_write(&site->tape, &ops[i]);
  }
  if (status == MECHA_OK) {
    status = mecha_state_apply(site->rt, site->call, store, ops, count, &options, &site->result);
  }
  for (size_t i = 0; ops != NULL && i < count; ++i) free((void*)ops[i].metadata);
  free(ops);
  return status;
}

static mecha_status state_list(Site* site) {
  const mecha_view store = next_view(&site->tape);
  const mecha_view prefix = next_view(&site->tape);
  const uint32_t limit = (uint32_t)next(&site->tape);
  const mecha_state_list_options options = {sizeof options, limit, next_view(&site->tape)};
  return mecha_state_list(site->rt, site->call, store, prefix, &options, &site->result);
}

static mecha_status state_query(Site* site) {
  const mecha_view store = next_view(&site->tape);
  const mecha_view query = next_view(&site->tape);
  const uint32_t limit = (uint32_t)next(&site->tape);
  const mecha_state_query_options options = {sizeof options, limit, next_view(&site->tape)};
  return mecha_state_query(site->rt, site->call, store, query, &options, &site->result);
}

static mecha_status secret_get(Site* site) {
  const mecha_view store = next_view(&site->tape);
  const mecha_view name = next_view(&site->tape);
  return mecha_secret_get(site->rt, site->call, store, name, NULL, &site->result);
}

static mecha_status secret_list(Site* site) {
  return mecha_secret_list(site->rt, site->call, next_view(&site->tape), NULL, &site->result);
}

static mecha_status fill_message(Tape* tape, mecha_message* message) {
  message->data = next_buf(tape);
  message->content_type = next_view(tape);
  message->id = next_view(tape);
  message->key = next_view(tape);
  message->ttl_ms = (int64_t)next(tape);
  message->flags = (uint32_t)next(tape);
  message->metadata = next_pairs(tape, &message->metadata_count);
  return message->metadata == NULL ? MECHA_NO_MEMORY : MECHA_OK;
}

static mecha_status publish(Site* site) {
  const mecha_view pubsub = next_view(&site->tape);
  const mecha_view topic = next_view(&site->tape);
  const size_t count = (size_t)next(&site->tape);
  mecha_message* messages = room_for(count, sizeof *messages);
  mecha_status status = messages == NULL ? MECHA_NO_MEMORY : MECHA_OK;
  for (size_t i = 0; i < count && status == MECHA_OK; ++i) {
    status = fill_message(&site->tape, &messages[i]);
  }
  if (status == MECHA_OK) {
    status =
        mecha_publish(site->rt, site->call, pubsub, topic, messages, count, NULL, &site->result);
  }
  for (size_t i = 0; messages != NULL && i < count; ++i) free((void*)messages[i].metadata);
  free(messages);
  return status;
}

static mecha_status resource_apply(Site* site) {
  return mecha_resource_apply(site->rt, site->call, next_view(&site->tape), &site->result);
}

static mecha_status resource_delete(Site* site) {
  const mecha_view kind = next_view(&site->tape);
  const mecha_view name = next_view(&site->tape);
  return mecha_resource_delete(site->rt, site->call, kind, name, &site->result);
}

static mecha_status serve_stop(Site* site) {
  return mecha_serve_stop(site->rt, site->call, site->registration, &site->result);
}

static mecha_status component_ping(Site* site) {
  return mecha_component_ping(site->rt, site->call, next_view(&site->tape), &site->result);
}

typedef mecha_status (*Verb)(Site* site);

static Verb const kVerbs[] = {
    [FLAT_STATE_GET] = state_get,           [FLAT_STATE_GET_MANY] = state_get_many,
    [FLAT_STATE_SET] = state_set,           [FLAT_STATE_DELETE] = state_delete,
    [FLAT_STATE_APPLY] = state_apply,       [FLAT_STATE_LIST] = state_list,
    [FLAT_STATE_QUERY] = state_query,       [FLAT_SECRET_GET] = secret_get,
    [FLAT_SECRET_LIST] = secret_list,       [FLAT_PUBLISH] = publish,
    [FLAT_RESOURCE_APPLY] = resource_apply, [FLAT_RESOURCE_DELETE] = resource_delete,
    [FLAT_SERVE_STOP] = serve_stop,         [FLAT_COMPONENT_PING] = component_ping,
};

int32_t flat_submit(uint32_t verb, const FlatCall* from, const uint64_t* words, const char* text,
                    FlatOut* out) {
  Site site = {runtime_of(from), NULL, {words, text}, NULL, NULL};
  site.registration = (mecha_registration*)(uintptr_t)from->registration;
  Call call;
  mecha_status status = fill_call(from, &site.tape, &call);
  site.call = &call.call;
  if (status == MECHA_OK) status = kVerbs[verb](&site);
  return finish(status, &call, site.result, out);
}

static void fill_serve_options(Tape* tape, mecha_serve_options* options) {
  options->struct_size = sizeof *options;
  options->kind = (uint32_t)next(tape);
  options->component = next_view(tape);
  options->credit = (uint32_t)next(tape);
  options->flags = (uint32_t)next(tape);
  options->ordering = (uint32_t)next(tape);
  options->batch_max = (uint32_t)next(tape);
  options->batch_wait_ns = (int64_t)next(tape);
  options->reply_timeout_ns = (int64_t)next(tape);
  options->token = next(tape);
  options->spec = next_view(tape);
}

int32_t flat_serve(mecha_queue* queue, const FlatCall* from, const uint64_t* words,
                   const char* text, FlatOut* out) {
  Tape tape = {words, text};
  Call call;
  mecha_serve_options options;
  mecha_registration* made = NULL;
  mecha_result* result = NULL;
  memset(&options, 0, sizeof options);
  mecha_status status = fill_call(from, &tape, &call);
  fill_serve_options(&tape, &options);
  mecha_view* names = next_views(&tape, &options.name_count);
  mecha_kv* settings = next_pairs(&tape, &options.setting_count);
  options.names = names;
  options.settings = settings;
  if (names == NULL || settings == NULL) status = MECHA_NO_MEMORY;
  if (status == MECHA_OK) {
    status = mecha_serve(runtime_of(from), &call.call, queue, &options, &made, &result);
  }
  free(names);
  free(settings);
  out->handle = (uint64_t)(uintptr_t)made;
  return finish(status, &call, result, out);
}

int32_t flat_reply(mecha_runtime* rt, const FlatReply* from, const uint64_t* entries) {
  mecha_reply reply;
  memset(&reply, 0, sizeof reply);
  reply.struct_size = sizeof reply;
  reply.verdict = from->verdict;
  reply.retry_after_ns = from->retry_after_ns;
  if (from->entry_count == 0) return mecha_request_reply(rt, from->id, &reply);
  mecha_entry_verdict* verdicts = room_for(from->entry_count, sizeof *verdicts);
  if (verdicts == NULL) return MECHA_NO_MEMORY;
  for (uint64_t i = 0; i < from->entry_count; ++i) {
    verdicts[i].index = (uint32_t)entries[3 * i];
    verdicts[i].verdict = (uint32_t)entries[3 * i + 1];
    verdicts[i].retry_after_ns = (int64_t)entries[3 * i + 2];
  }
  reply.entries = verdicts;
  reply.entry_count = (size_t)from->entry_count;
  const mecha_status status = mecha_request_reply(rt, from->id, &reply);
  free(verdicts);
  return status;
}

int32_t flat_queue_open(mecha_runtime* rt, uint32_t flags, uint32_t max_inflight, FlatOut* out) {
  mecha_queue_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.flags = flags;
  options.max_inflight = max_inflight;
  mecha_queue* queue = NULL;
  out->status = mecha_queue_open(rt, &options, &queue);
  out->handle = (uint64_t)(uintptr_t)queue;
  return out->status;
}

_Static_assert(sizeof(FlatEvent) == sizeof(mecha_event), "an event in Go is one in C");
_Static_assert(sizeof(void*) == sizeof(uint64_t), "addresses travel as words");

int32_t flat_queue_poll(mecha_queue* queue, FlatEvent* events, uint64_t capacity) {
  return mecha_queue_poll(queue, (mecha_event*)(void*)events, (size_t)capacity);
}
