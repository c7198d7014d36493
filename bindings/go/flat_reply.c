// SPDX-License-Identifier: Apache-2.0
// Results, errors and requests as blocks of words and text.
#include <string.h>

#include "flat.h"

static const char* const kDetailNames[FLAT_DETAIL_COUNT] = {
    "component", "type", "operation", "applied", "file", "line", "cause", "max_ops", "index"};

const char* flat_detail_name(uint32_t index) {
  return index < FLAT_DETAIL_COUNT ? kDetailNames[index] : "";
}

// Fills a block from both ends of its plan: words at `word`, text at `text`. With no block it only
// counts.
typedef struct Writer {
  char* block;
  uint64_t word;  // position of the next word
  uint64_t text;  // position of the next text
} Writer;

static void put(Writer* to, uint64_t value) {
  if (to->block != NULL) memcpy(to->block + to->word, &value, sizeof value);
  to->word += sizeof value;
}

static void put_pair(Writer* to, int32_t low, uint32_t high) {
  put(to, (uint32_t)low | (uint64_t)high << 32);
}

static void put_view(Writer* to, mecha_view view) {
  if (view.data == NULL) {
    put(to, 0);
    put(to, FLAT_ABSENT);
    return;
  }
  if (to->block != NULL) memcpy(to->block + to->text, view.data, view.size);
  put(to, to->text);
  put(to, view.size);
  to->text += view.size;
}

static mecha_view view_of(const char* text) {
  mecha_view view = {text, strlen(text)};
  return view;
}

static void put_error(Writer* to, const mecha_error* error) {
  put_pair(to, mecha_error_status(error), (uint32_t)mecha_error_retryable(error));
  put_view(to, view_of(mecha_error_message(error)));
  for (uint32_t i = 0; i < FLAT_DETAIL_COUNT; ++i) {
    put_view(to, mecha_error_detail(error, kDetailNames[i]));
  }
}

// What a block is made of, found out before it is written.
typedef struct Source {
  const mecha_result* result;  // NULL: there is only an error
  const mecha_error* error;
  mecha_result_info info;
  uint64_t headers;
  uint64_t errors;  // of items
  mecha_item first;
} Source;

static void read_item(const Source* from, uint64_t index, mecha_item* item) {
  if (index == 0) {
    *item = from->first;
    return;
  }
  memset(item, 0, sizeof *item);
  item->struct_size = sizeof *item;
  mecha_result_item(from->result, index, item);
}

static const mecha_error* item_error(const Source* from, const mecha_item* item, uint64_t index) {
  return item->status < 0 ? mecha_result_error(from->result, index) : NULL;
}

static void look_at(const mecha_result* result, Source* from) {
  from->result = result;
  from->info.struct_size = sizeof from->info;
  mecha_result_read(result, &from->info);
  from->error = mecha_result_error(result, MECHA_RESULT_WHOLE);
  mecha_kv entry;
  while (mecha_result_metadata(result, MECHA_METADATA_HEADERS, from->headers, &entry) == MECHA_OK) {
    ++from->headers;
  }
  if (from->info.count == 0) return;
  from->first.struct_size = sizeof from->first;
  mecha_result_item(result, 0, &from->first);
}

static void put_item(Writer* to, const mecha_item* item, uint64_t error) {
  put_pair(to, item->status, item->flags);
  put_view(to, item->group);
  put_view(to, item->key);
  put_view(to, item->value);
  put_view(to, item->etag);
  put_view(to, item->content_type);
  put(to, item->number);
  put(to, (uint64_t)item->expires_unix_ms);
  put(to, error);
}

static void put_items(Writer* to, const Source* from, uint64_t* error) {
  for (uint64_t i = 0; i < from->info.count; ++i) {
    mecha_item item;
    read_item(from, i, &item);
    const int has_error = item_error(from, &item, i) != NULL;
    put_item(to, &item, has_error ? *error : 0);
    if (has_error) *error += FLAT_ERROR_WORDS * sizeof(uint64_t);
  }
}

static void put_item_errors(Writer* to, const Source* from) {
  if (from->errors == 0) return;
  for (uint64_t i = 0; i < from->info.count; ++i) {
    mecha_item item;
    read_item(from, i, &item);
    const mecha_error* error = item_error(from, &item, i);
    if (error != NULL) put_error(to, error);
  }
}

// Head, items, headers, the whole's error, the items' errors; then all text.
static uint64_t write_block(const Source* from, int32_t status, char* block) {
  const uint64_t word = sizeof(uint64_t);
  const uint64_t whole =
      (FLAT_HEAD_WORDS + FLAT_ITEM_WORDS * from->info.count + 4 * from->headers) * word;
  const uint64_t item_errors = whole + (from->error != NULL ? FLAT_ERROR_WORDS * word : 0);
  Writer to = {block, 0, item_errors + from->errors * FLAT_ERROR_WORDS * word};
  put_pair(&to, status, from->info.flags);
  put(&to, (uint64_t)(int64_t)from->info.code);
  put(&to, from->info.count);
  put(&to, from->info.number);
  put_view(&to, from->info.page);
  put(&to, from->error != NULL ? whole : 0);
  put(&to, from->headers);
  uint64_t error = item_errors;
  put_items(&to, from, &error);
  for (uint64_t i = 0; i < from->headers; ++i) {
    mecha_kv entry = {{NULL, 0}, {NULL, 0}};
    mecha_result_metadata(from->result, MECHA_METADATA_HEADERS, i, &entry);
    put_view(&to, entry.key);
    put_view(&to, entry.value);
  }
  if (from->error != NULL) put_error(&to, from->error);
  put_item_errors(&to, from);
  return to.text;
}

static void count_errors(Source* from) {
  for (uint64_t i = 0; i < from->info.count; ++i) {
    mecha_item item;
    read_item(from, i, &item);
    if (item_error(from, &item, i) != NULL) ++from->errors;
  }
}

// Writes the block when it surely fits, else tells its size. False: it does not fit.
static int give(Source* from, FlatOut* out, char* block, uint64_t capacity) {
  count_errors(from);
  out->size = out->needed = write_block(from, out->status, NULL);
  if (out->size > capacity) return 0;
  write_block(from, out->status, block);
  return 1;
}

static void take(uint64_t handle, FlatOut* out, char* block, uint64_t capacity) {
  mecha_result* result = (mecha_result*)(uintptr_t)handle;
  out->result = out->size = out->needed = 0;
  if (result == NULL) return;  // there is only the status
  Source from;
  memset(&from, 0, sizeof from);
  look_at(result, &from);
  if (give(&from, out, block, capacity)) {
    mecha_result_release(result);
  } else {
    out->result = handle;
  }
}

void flat_take(uint64_t result, FlatOut* out) { take(result, out, out->block, FLAT_BLOCK_SIZE); }

void flat_take_large(FlatOut* out, char* block) { take(out->result, out, block, out->needed); }

void flat_release(uint64_t handle) { mecha_result_release((mecha_result*)(uintptr_t)handle); }

// An error that a function gave by itself. Errors are short: of one that does not fit only the
// status is left.
static void take_error(mecha_error* error, FlatOut* out) {
  Source from;
  memset(&from, 0, sizeof from);
  from.error = error;
  out->result = 0;
  if (!give(&from, out, out->block, FLAT_BLOCK_SIZE)) out->size = 0;
  mecha_error_free(error);
}

int32_t flat_start(mecha_runtime* rt, FlatOut* out) {
  mecha_error* error = NULL;
  out->status = mecha_runtime_start(rt, &error);
  take_error(error, out);
  return out->status;
}

int32_t flat_resume(mecha_runtime* rt, FlatOut* out) {
  mecha_error* error = NULL;
  out->status = mecha_runtime_resume(rt, &error);
  take_error(error, out);
  return out->status;
}

int32_t flat_opened(mecha_status status, mecha_error* error, mecha_runtime* opened, FlatOut* out) {
  out->status = status;
  out->handle = (uint64_t)(uintptr_t)opened;
  take_error(error, out);
  return status;
}

static int32_t finish(mecha_status status, mecha_result* result, FlatOut* out) {
  out->status = status;
  flat_take((uint64_t)(uintptr_t)result, out);
  return status;
}

int32_t flat_suspend(mecha_runtime* rt, int64_t deadline_ns, uint32_t flags, FlatOut* out) {
  mecha_result* result = NULL;
  const mecha_status status = mecha_runtime_suspend(rt, deadline_ns, flags, &result);
  return finish(status, result, out);
}

int32_t flat_shutdown(mecha_runtime* rt, int64_t deadline_ns, FlatOut* out) {
  mecha_result* result = NULL;
  const mecha_status status = mecha_runtime_shutdown(rt, deadline_ns, &result);
  return finish(status, result, out);
}

int32_t flat_describe(mecha_runtime* rt, FlatOut* out) {
  mecha_result* result = NULL;
  const mecha_status status = mecha_runtime_describe(rt, &result);
  return finish(status, result, out);
}

int32_t flat_metrics(mecha_runtime* rt, FlatOut* out) {
  mecha_result* result = NULL;
  const mecha_status status = mecha_metrics_read(rt, &result);
  return finish(status, result, out);
}

static uint64_t metadata_count(const mecha_result* request, uint64_t index) {
  mecha_kv entry;
  uint64_t count = 0;
  while (mecha_request_metadata(request, index, count, &entry) == MECHA_OK) ++count;
  return count;
}

static void put_request_texts(Writer* to, const mecha_request_info* info) {
  put_view(to, info->component);
  put_view(to, info->topic);
  put_view(to, info->path);
  put_view(to, info->message_id);
  put_view(to, info->ordering_key);
  put_view(to, info->content_type);
  put_view(to, info->traceparent);
  put_view(to, info->tracestate);
  put_view(to, info->subscription);
}

static void put_request(Writer* to, const mecha_result* request, uint64_t index) {
  mecha_request_info info;
  memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  mecha_request_read(request, index, &info);
  mecha_item item;
  memset(&item, 0, sizeof item);
  item.struct_size = sizeof item;
  mecha_result_item(request, index, &item);
  const uint64_t count = metadata_count(request, index);
  put_pair(to, (int32_t)info.kind, info.flags);
  put_pair(to, (int32_t)info.attempt, (uint32_t)count);
  put(to, (uint64_t)info.remaining_ns);
  put(to, (uint64_t)info.lease_ns);
  put(to, (uint64_t)info.enqueued_unix_ms);
  put_request_texts(to, &info);
  put_view(to, item.value);
  for (uint64_t i = 0; i < count; ++i) {
    mecha_kv entry = {{NULL, 0}, {NULL, 0}};
    mecha_request_metadata(request, index, i, &entry);
    put_view(to, entry.key);
    put_view(to, entry.value);
  }
}

static uint64_t write_request(const mecha_result* request, uint64_t entries, uint64_t words,
                              char* block) {
  Writer to = {block, 0, words};
  put(&to, entries);
  for (uint64_t i = 0; i < entries; ++i) put_request(&to, request, i);
  return to.text;
}

static void take_request(uint64_t handle, FlatOut* out, char* block, uint64_t capacity) {
  mecha_result* request = (mecha_result*)(uintptr_t)handle;
  mecha_result_info info;
  memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  mecha_result_read(request, &info);
  uint64_t words = 1;
  for (uint64_t i = 0; i < info.count; ++i) {
    words += FLAT_REQUEST_WORDS + 4 * metadata_count(request, i);
  }
  words *= sizeof(uint64_t);
  out->status = MECHA_OK;
  out->size = out->needed = write_request(request, info.count, words, NULL);
  out->result = handle;
  if (out->size > capacity) return;
  write_request(request, info.count, words, block);
  mecha_result_release(request);
  out->result = 0;
}

void flat_take_request(uint64_t result, FlatOut* out) {
  take_request(result, out, out->block, FLAT_BLOCK_SIZE);
}

void flat_take_large_request(FlatOut* out, char* block) {
  take_request(out->result, out, block, out->needed);
}
