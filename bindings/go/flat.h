// SPDX-License-Identifier: Apache-2.0
// The C functions in a form that Go calls cheaply: numbers and byte ranges only, no struct of Go's
// holds a pointer. It is no interface of its own.
//
// What a call takes beside a few numbers is a tape: words, and one slab of text. A text on the tape
// is two words, offset and size; a size of FLAT_ABSENT means NULL, and FLAT_PINNED in the size that
// the offset is the address of bytes that Go has pinned.
//
// What a call returns is a block of bytes, described at FlatReply, written into memory of Go's.
//
// Threads: as the C functions below. Ownership: nothing of Go's is kept after a call, except with
// MECHA_CALL_BORROW what the caller has pinned.
#ifndef MECHA_GO_FLAT_H
#define MECHA_GO_FLAT_H

#include <mecha/pubsub.h>
#include <mecha/queue.h>
#include <mecha/result.h>
#include <mecha/runtime.h>
#include <mecha/secretstores.h>
#include <mecha/serve.h>
#include <mecha/state.h>

#define FLAT_ABSENT UINT64_MAX
#define FLAT_PINNED (UINT64_C(1) << 63)

// Operations of flat_submit: which C function, and what the tape holds for it.
enum {
  FLAT_STATE_GET = 1,  // store, key, consistency
  FLAT_STATE_GET_MANY,
  FLAT_STATE_SET,
  FLAT_STATE_DELETE,
  FLAT_STATE_APPLY,
  FLAT_STATE_LIST,
  FLAT_STATE_QUERY,
  FLAT_SECRET_GET,
  FLAT_SECRET_LIST,
  FLAT_PUBLISH,
  FLAT_RESOURCE_APPLY,
  FLAT_RESOURCE_DELETE,
  FLAT_SERVE_STOP,
  FLAT_COMPONENT_PING
};

// mecha_call without pointers. With has_extras the tape begins with traceparent, tracestate,
// baggage, idempotency key and metadata.
typedef struct FlatCall {
  uint64_t rt;
  uint64_t queue;
  uint64_t token;
  uint64_t within;
  int64_t timeout_ns;
  int64_t retry_interval_ns;
  int64_t retry_max_interval_ns;
  int32_t retry_limit;
  uint32_t retry_pattern;
  uint32_t has_retry;
  uint32_t flags;
  uint32_t has_extras;
  uint32_t blocks;        // without the queue: on the calling thread
  uint64_t registration;  // of FLAT_SERVE_STOP
  // Of flat_state_get.
  uint64_t store_size;
  uint64_t key_size;
  uint32_t consistency;
  uint32_t room_from;  // shorter values go to the block
  uint64_t room_size;
} FlatCall;

#define FLAT_BLOCK_SIZE 2048

// Where flat_state_get put a value; FLAT_VALUE_NONE: there is a reply in the block.
enum { FLAT_VALUE_NONE, FLAT_VALUE_IN_BLOCK, FLAT_VALUE_IN_ROOM };

// How a call went, and its reply in `block`. When that did not fit, `result` is kept for
// flat_take_large, which needs room for `needed` bytes.
typedef struct FlatOut {
  int32_t status;
  uint32_t reserved;
  uint64_t op;
  uint64_t size;
  uint64_t needed;
  uint64_t result;
  uint64_t handle;  // of what was opened
  // Of flat_state_get: where the value is. The etag is in the block, behind the value if that is
  // there.
  uint32_t value_place;
  uint32_t item_flags;
  uint64_t value_size;
  uint64_t etag_size;
  int64_t expires_unix_ms;
  char block[FLAT_BLOCK_SIZE];
} FlatOut;

// The words at the head of a reply block, all of 8 bytes. Positions count from the block's begin;
// a text is position and size (or FLAT_ABSENT).
enum {
  FLAT_HEAD_STATUS,  // status | flags << 32
  FLAT_HEAD_CODE,
  FLAT_HEAD_ITEMS,
  FLAT_HEAD_NUMBER,
  FLAT_HEAD_PAGE,
  FLAT_HEAD_PAGE_SIZE,
  FLAT_HEAD_ERROR,    // position of an error, 0 = none
  FLAT_HEAD_HEADERS,  // how many pairs of texts follow the items
  FLAT_HEAD_WORDS
};

// The words of an item.
enum {
  FLAT_ITEM_STATUS,  // status | flags << 32
  FLAT_ITEM_GROUP,
  FLAT_ITEM_KEY = 3,
  FLAT_ITEM_VALUE = 5,
  FLAT_ITEM_ETAG = 7,
  FLAT_ITEM_CONTENT_TYPE = 9,
  FLAT_ITEM_NUMBER = 11,
  FLAT_ITEM_EXPIRES,
  FLAT_ITEM_ERROR,
  FLAT_ITEM_WORDS
};

// The words of an error. Its details follow in the order of flat_detail_name.
enum {
  FLAT_ERROR_STATUS,  // status | retryable << 32
  FLAT_ERROR_MESSAGE,
  FLAT_ERROR_DETAILS = 3,
  FLAT_DETAIL_COUNT = 9,
  FLAT_ERROR_WORDS = FLAT_ERROR_DETAILS + 2 * FLAT_DETAIL_COUNT
};

// The words of a request's entry: numbers, then texts. Its metadata follows.
enum {
  FLAT_REQUEST_KIND,     // kind | flags << 32
  FLAT_REQUEST_ATTEMPT,  // attempt | metadata count << 32
  FLAT_REQUEST_REMAINING,
  FLAT_REQUEST_LEASE,
  FLAT_REQUEST_ENQUEUED,
  FLAT_REQUEST_COMPONENT,
  FLAT_REQUEST_TOPIC = 7,
  FLAT_REQUEST_PATH = 9,
  FLAT_REQUEST_MESSAGE_ID = 11,
  FLAT_REQUEST_ORDERING_KEY = 13,
  FLAT_REQUEST_CONTENT_TYPE = 15,
  FLAT_REQUEST_TRACEPARENT = 17,
  FLAT_REQUEST_TRACESTATE = 19,
  FLAT_REQUEST_SUBSCRIPTION = 21,
  FLAT_REQUEST_BODY = 23,
  FLAT_REQUEST_WORDS = 25
};

// A mecha_event, with its result as a number.
typedef struct FlatEvent {
  uint32_t kind;
  int32_t status;
  uint64_t token;
  uint64_t id;
  uint64_t result;
  uint64_t object;
  uint64_t reserved[3];
} FlatEvent;

// mecha_reply without pointers.
typedef struct FlatReply {
  uint64_t id;
  int64_t retry_after_ns;
  uint32_t verdict;
  uint32_t reserved;
  uint64_t entry_count;
} FlatReply;

// Runs one operation.
int32_t flat_submit(uint32_t verb, const FlatCall* call, const uint64_t* words, const char* text,
                    FlatOut* out);

// mecha_state_get without a tape and, for a value that fits, without a block's words: the shortest
// way. `room` is where a value may go.
int32_t flat_state_get(const FlatCall* call, const char* store, const char* key, char* room,
                       FlatOut* out);
// What follows when that was pending.
void flat_take_value(uint64_t result, FlatOut* out);

// Writes a result's block and releases the result; with too little room keeps it.
void flat_take(uint64_t result, FlatOut* out);
// The same for the result that was kept, into `needed` bytes.
void flat_take_large(FlatOut* out, char* block);
void flat_release(uint64_t result);
// As flat_take and flat_take_large, for a MECHA_EVENT_REQUEST: a word with the number of entries,
// then the entries.
void flat_take_request(uint64_t result, FlatOut* out);
void flat_take_large_request(FlatOut* out, char* block);
const char* flat_detail_name(uint32_t index);

// The life of a runtime. Errors come as a block without items.
int32_t flat_open(const uint64_t* words, const char* text, uintptr_t user, FlatOut* out);
// The end of flat_open.
int32_t flat_opened(mecha_status status, mecha_error* error, mecha_runtime* opened, FlatOut* out);
int32_t flat_start(mecha_runtime* rt, FlatOut* out);
int32_t flat_resume(mecha_runtime* rt, FlatOut* out);
int32_t flat_suspend(mecha_runtime* rt, int64_t deadline_ns, uint32_t flags, FlatOut* out);
int32_t flat_shutdown(mecha_runtime* rt, int64_t deadline_ns, FlatOut* out);
int32_t flat_describe(mecha_runtime* rt, FlatOut* out);
int32_t flat_metrics(mecha_runtime* rt, FlatOut* out);

int32_t flat_queue_open(mecha_runtime* rt, uint32_t flags, uint32_t max_inflight, FlatOut* out);
int32_t flat_queue_poll(mecha_queue* queue, FlatEvent* events, uint64_t capacity);

// `queue` gets the requests; the call's own is where it reports.
int32_t flat_serve(mecha_queue* queue, const FlatCall* call, const uint64_t* words,
                   const char* text, FlatOut* out);
// Entries are three words each: index, verdict, retry_after_ns.
int32_t flat_reply(mecha_runtime* rt, const FlatReply* reply, const uint64_t* entries);

#endif  // MECHA_GO_FLAT_H
