/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file dispatcher.h
 * A loop around a poll queue that calls one function per registration. Header only, in C: it uses
 * the functions of queue.h and serve.h and allocates nothing. The table is the host's array.
 *
 *     uint32_t on_order(void* user, const mecha_event* request);
 *
 *     mecha_dispatcher_entry table[4];
 *     mecha_dispatcher dispatcher;
 *     mecha_dispatcher_init(&dispatcher, rt, queue, table, 4);
 *     mecha_dispatcher_add(&dispatcher, options.token, on_order, NULL);
 *     mecha_serve(rt, NULL, queue, &options, &registration, NULL);
 *     mecha_dispatcher_loop(&dispatcher);
 */
#ifndef MECHA_DISPATCHER_H
#define MECHA_DISPATCHER_H

#include "queue.h"
#include "result.h"
#include "serve.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a handler returns instead of a verdict. */
enum {
  MECHA_HANDLER_KEEPS = 1000 /**< it has answered or will, and owns request->result */
};

/** Handles one request: returns its verdict, MECHA_VERDICT_* or MECHA_HANDLER_KEEPS. The event's
 *  result is borrowed until it returns. */
typedef uint32_t (*mecha_request_handler)(void* user, const mecha_event* request);

/** Takes an event that is no request, a completion for instance, and owns its result. */
typedef void (*mecha_event_handler)(void* user, const mecha_event* event);

/** One row of the table. Its fields are the dispatcher's. */
typedef struct mecha_dispatcher_entry {
  uint64_t token;
  mecha_request_handler handler;
  void* user;
} mecha_dispatcher_entry;

/** A table of handlers and the queue they serve. Owns nothing. Fill it before the loops run; then
 *  any number of threads may run one. */
typedef struct mecha_dispatcher {
  mecha_runtime* rt;
  mecha_queue* queue;
  mecha_dispatcher_entry* entries;
  size_t capacity;
  size_t count;
  mecha_event_handler on_event; /* NULL: events that are no requests are dropped */
  void* on_event_user;
  int is_stopping;
} mecha_dispatcher;

/* Makes an empty table. `entries` is an array of `capacity` rows that outlives the dispatcher. */
static inline void mecha_dispatcher_init(mecha_dispatcher* dispatcher, mecha_runtime* rt,
                                         mecha_queue* queue, mecha_dispatcher_entry* entries,
                                         size_t capacity) {
  dispatcher->rt = rt;
  dispatcher->queue = queue;
  dispatcher->entries = entries;
  dispatcher->capacity = capacity;
  dispatcher->count = 0;
  dispatcher->on_event = NULL;
  dispatcher->on_event_user = NULL;
  dispatcher->is_stopping = 0;
}

/* Requests with this token go to `handler`. Call it before mecha_serve: requests may come before
 * that has returned. MECHA_ALREADY_EXISTS for a token that has a handler; MECHA_RESOURCE_EXHAUSTED
 * when the table is full. */
static inline mecha_status mecha_dispatcher_add(mecha_dispatcher* dispatcher, uint64_t token,
                                                mecha_request_handler handler, void* user) {
  size_t i;
  if (handler == NULL) return MECHA_INVALID_ARGUMENT;
  for (i = 0; i < dispatcher->count; ++i) {
    if (dispatcher->entries[i].token == token) return MECHA_ALREADY_EXISTS;
  }
  if (dispatcher->count == dispatcher->capacity) return MECHA_RESOURCE_EXHAUSTED;
  dispatcher->entries[dispatcher->count].token = token;
  dispatcher->entries[dispatcher->count].handler = handler;
  dispatcher->entries[dispatcher->count].user = user;
  dispatcher->count++;
  return MECHA_OK;
}

/* Answers a request with one verdict for all of it. */
static inline mecha_status mecha_reply_verdict(mecha_runtime* rt, mecha_request id,
                                               uint32_t verdict, int64_t retry_after_ns) {
  mecha_reply reply;
  unsigned char* bytes = (unsigned char*)&reply;
  size_t i;
  for (i = 0; i < sizeof(reply); ++i) bytes[i] = 0;
  reply.struct_size = sizeof(reply);
  reply.verdict = verdict;
  reply.retry_after_ns = retry_after_ns;
  return mecha_request_reply(rt, id, &reply);
}

/* Handles one event and takes its result. A request without a handler is RETRY: another process
 * may have one. */
static inline void mecha_dispatcher_handle(mecha_dispatcher* dispatcher, const mecha_event* event) {
  uint32_t verdict = MECHA_VERDICT_RETRY;
  size_t i;
  if (event->kind != MECHA_EVENT_REQUEST) {
    if (dispatcher->on_event != NULL) {
      dispatcher->on_event(dispatcher->on_event_user, event);
    } else {
      mecha_result_release(event->result);
    }
    return;
  }
  for (i = 0; i < dispatcher->count; ++i) {
    if (dispatcher->entries[i].token == event->token) {
      verdict = dispatcher->entries[i].handler(dispatcher->entries[i].user, event);
      break;
    }
  }
  if (verdict == (uint32_t)MECHA_HANDLER_KEEPS) return;
  if (verdict > (uint32_t)MECHA_VERDICT_ERROR) verdict = MECHA_VERDICT_RETRY;
  mecha_reply_verdict(dispatcher->rt, event->id, verdict, 0);
  mecha_result_release(event->result);
}

/* Waits for one event and handles it. Returns 1, or as mecha_queue_wait: 0 on time-out, on a wake
 * and on a signal, else a negative status. */
static inline int32_t mecha_dispatcher_run_one(mecha_dispatcher* dispatcher, int64_t timeout_ns) {
  mecha_event event;
  const int32_t count = mecha_queue_wait(dispatcher->queue, &event, 1, timeout_ns);
  if (count == 1) mecha_dispatcher_handle(dispatcher, &event);
  return count;
}

/* Handles events until mecha_dispatcher_stop (MECHA_OK) or until the queue is closed
 * (MECHA_CLOSED). */
static inline mecha_status mecha_dispatcher_loop(mecha_dispatcher* dispatcher) {
  while (__atomic_load_n(&dispatcher->is_stopping, __ATOMIC_ACQUIRE) == 0) {
    const int32_t count = mecha_dispatcher_run_one(dispatcher, -1);
    if (count < 0) return (mecha_status)count;
  }
  mecha_queue_wake(dispatcher->queue); /* the next loop on this queue */
  return MECHA_OK;
}

/* Ends every loop after the event it has in hand. From any thread, a handler's too. */
static inline void mecha_dispatcher_stop(mecha_dispatcher* dispatcher) {
  __atomic_store_n(&dispatcher->is_stopping, 1, __ATOMIC_RELEASE);
  mecha_queue_wake(dispatcher->queue);
}

#ifdef __cplusplus
}
#endif

#endif /* MECHA_DISPATCHER_H */
