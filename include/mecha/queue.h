/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file queue.h
 * Completion queues: submit operations, collect their events.
 *
 * A poll queue has a descriptor that is readable if and only if events wait: put it into an event
 * loop, or call mecha_queue_wait. A callback queue hands its events to `deliver` on a thread of the
 * runtime, never two at a time, never inside a call. The event of an operation may come before the
 * submitting call has returned: register the token first.
 */
#ifndef MECHA_QUEUE_H
#define MECHA_QUEUE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of mecha_queue_options. */
enum {
  MECHA_QUEUE_BLOCKING = 1u << 0, /**< `deliver` may block: it runs on the blocking pool */
  MECHA_QUEUE_LOGS = 1u << 1,     /**< also deliver MECHA_EVENT_LOG */
  MECHA_QUEUE_SPANS = 1u << 2     /**< reserved */
};

/** What a queue is made of. */
typedef struct mecha_queue_options {
  uint32_t struct_size;
  uint32_t flags;        /**< MECHA_QUEUE_* */
  uint32_t max_inflight; /**< more submitted operations are MECHA_BUSY; 0 = 65536 */
  uint32_t reserved;
  /** NULL makes a poll queue. Else receives the events; their results are given to it. */
  void (*deliver)(void* user, const mecha_event* events, size_t count);
  void* user;
} mecha_queue_options;

/**
 * Makes a completion queue.
 *
 * @param rt       borrowed; may be freed before the queue.
 * @param options  borrowed; NULL makes a poll queue with the defaults.
 * @param out      given: free it with mecha_queue_free.
 * @return MECHA_OK; MECHA_CLOSED; MECHA_FORKED; MECHA_VERSION; MECHA_INVALID_ARGUMENT;
 *         MECHA_RESOURCE_EXHAUSTED when no descriptor is left; MECHA_NO_MEMORY.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_queue_open(mecha_runtime* rt, const mecha_queue_options* options,
                                        mecha_queue** out);

/**
 * Gives the descriptor that is readable if and only if events wait.
 *
 * It belongs to the queue and stays valid until mecha_queue_free; do not read or close it. A poll
 * may still bring nothing: what waited was taken back, or another consumer was faster.
 *
 * @param queue  borrowed.
 * @return the descriptor; -1 for a callback queue, NULL, or in a forked child.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API int mecha_queue_fd(mecha_queue* queue);

/**
 * Takes the events that wait, without waiting.
 *
 * @param queue     borrowed.
 * @param events    borrowed; written. Each result is given.
 * @param capacity  how many fit.
 * @return how many were written (0 = none), or a negative status: MECHA_CLOSED when closed and
 *         empty, MECHA_FORKED, MECHA_INVALID_ARGUMENT, MECHA_FAILED_PRECONDITION for a callback
 * queue.
 * @blocks no.
 * @thread any; the events go to whoever comes first.
 * @since 0.1
 */
MECHA_API int32_t mecha_queue_poll(mecha_queue* queue, mecha_event* events, size_t capacity);

/**
 * Takes the events that wait, waiting for the first one.
 *
 * Returns 0 on time-out, on mecha_queue_wake, and when a signal interrupts the wait.
 *
 * @param queue       borrowed.
 * @param events      borrowed; written. Each result is given.
 * @param capacity    how many fit; at least 1.
 * @param timeout_ns  how long to wait; <0 = for ever.
 * @return as mecha_queue_poll.
 * @blocks up to timeout_ns.
 * @thread any, except the runtime's own.
 * @since 0.1
 */
MECHA_API int32_t mecha_queue_wait(mecha_queue* queue, mecha_event* events, size_t capacity,
                                   int64_t timeout_ns);

/**
 * Wakes one mecha_queue_wait, which then returns 0; the next one if none is waiting.
 *
 * @param queue  borrowed.
 * @return MECHA_OK; MECHA_CLOSED; MECHA_FORKED; MECHA_INVALID_ARGUMENT.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_queue_wake(mecha_queue* queue);

/**
 * Closes a queue: its operations are cancelled, their events dropped, waiters get MECHA_CLOSED.
 *
 * Calling it again does nothing. The descriptor stays valid until mecha_queue_free.
 *
 * @param queue  borrowed.
 * @return MECHA_OK; MECHA_FORKED; MECHA_INVALID_ARGUMENT.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_queue_close(mecha_queue* queue);

/**
 * Frees a queue, closing it first.
 *
 * Waits for a `deliver` that runs on another thread, and for operations under way, which it asked
 * to stop; the `release` functions of their inputs run here.
 *
 * @param queue  taken; NULL does nothing.
 * @blocks while `deliver` runs, and for one disk operation, two seconds at most.
 * @thread any; not during another call on the same queue. Inside `deliver` it takes effect when
 *         that returns.
 * @since 0.1
 */
MECHA_API void mecha_queue_free(mecha_queue* queue);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_QUEUE_H */
