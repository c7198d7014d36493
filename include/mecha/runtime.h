/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file runtime.h
 * The life of a runtime: open, start, suspend, resume, shut down, free.
 *
 * A process may have several, each with its own app id, components and threads. None starts a
 * thread before it needs one: opening never does, nor do blocking calls on embedded stores.
 */
#ifndef MECHA_RUNTIME_H
#define MECHA_RUNTIME_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of mecha_runtime_options. */
enum {
  /** Read NAMESPACE, POD_NAME, DAPR_ENV_KEYS and envRef values from the environment. */
  MECHA_OPEN_USE_ENVIRONMENT = 1u << 0,
  /** Start no thread at all: the host lends its own with mecha_runtime_run. */
  MECHA_OPEN_HOST_THREADS = 1u << 1
};

/** What a runtime is made of. */
typedef struct mecha_runtime_options {
  uint32_t struct_size;
  uint32_t api_version; /**< MECHA_API_VERSION */
  uint32_t flags;       /**< MECHA_OPEN_* */
  uint32_t reserved;
  /** This application's id. Needed unless every store's keyPrefix is `none` or `name` and every
   *  pubsub component has a consumerID. */
  mecha_view app_id;
  /** Its namespace; absent means none. ("namespace" is a C++ keyword.) */
  mecha_view name_space;
  /** Files, or folders of .yaml files, read in this order. */
  const mecha_view* resource_paths;
  size_t resource_path_count;
  /** Documents as text, read after the paths. */
  const mecha_view* resource_texts;
  size_t resource_text_count;
  /** Settings by name; see docs/settings.md. An unknown one is an error. */
  const mecha_kv* settings;
  size_t setting_count;
  /** Called on each new thread of the runtime, and before it ends. `name` is terminated by NUL. */
  void (*thread_started)(void* user, const char* name);
  void (*thread_stopping)(void* user, const char* name);
  void* user;
} mecha_runtime_options;

/** Flags of mecha_runtime_suspend. */
enum {
  MECHA_SUSPEND_KEEP_CONNECTIONS = 1u << 0 /**< leave sockets and files open: for short freezes */
};

/**
 * Reads and checks the resources and makes a runtime. Starts and connects nothing.
 *
 * Every document is parsed and checked here, so a mistake in YAML shows at once with its file and
 * line. Secrets are fetched later, by mecha_runtime_start.
 *
 * @param options  borrowed.
 * @param out      given: a runtime to free with mecha_runtime_free. NULL on failure.
 * @param error    given on failure: free it with mecha_error_free. May be NULL.
 * @return MECHA_OK; MECHA_VERSION for an api_version or struct tail from the future;
 *         MECHA_INVALID_ARGUMENT for NULL, an unknown setting, or a resource that is wrong;
 *         MECHA_NOT_FOUND for a path that does not exist; MECHA_ALREADY_EXISTS for two components
 *         of one name; MECHA_FAILED_PRECONDITION for a plug-in, or the module of a component (a
 *         file of its own), that is missing or unusable; MECHA_NO_MEMORY.
 * @blocks on reading files and loading modules.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_open(const mecha_runtime_options* options, mecha_runtime** out,
                                          mecha_error** error);

/**
 * Starts every component: secret stores first, then the rest side by side, each within its
 * initTimeout.
 *
 * With the setting `start` = `fail` (default) the first broken component without ignoreErrors fails
 * the start; all are closed again and start may be called once more. With `lazy` broken components
 * are tried again in the background, and calls to them return MECHA_UNAVAILABLE with the last
 * cause.
 *
 * @param rt     borrowed.
 * @param error  given on failure: free it with mecha_error_free. May be NULL.
 * @return MECHA_OK, also when it was started before; the broken component's status;
 *         MECHA_FORKED; MECHA_CLOSED after shutdown; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks until every component is ready or has failed. Embedded ones start on the caller's thread.
 * @thread any, one at a time.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_start(mecha_runtime* rt, mecha_error** error);

/**
 * Brings the runtime to rest before a freeze, a snapshot or a fork: no thread, socket or file left.
 *
 * New calls return MECHA_SUSPENDED and waiting ones are woken with it. In-memory data and queues
 * stay. Handlers of messages may go on until the deadline; then their requests are cancelled and
 * the messages go back.
 *
 * @param rt           borrowed.
 * @param deadline_ns  how long running operations may take to end before they are stopped.
 * @param flags        MECHA_SUSPEND_*.
 * @param out          given: item 0 is a report as JSON. May be NULL.
 * @return MECHA_OK; MECHA_DEADLINE_EXCEEDED when operations would not end (the report names them,
 *         and the runtime is not suspended); MECHA_FAILED_PRECONDITION when it is not started;
 *         MECHA_FORKED; MECHA_CLOSED; MECHA_REENTRANT on a thread of the runtime;
 *         MECHA_INVALID_ARGUMENT for NULL.
 * @blocks up to the deadline and for one disk operation; 2 s more each for calls that do not stop
 *         and for brokers that do not confirm.
 * @thread any, except the runtime's own.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_suspend(mecha_runtime* rt, int64_t deadline_ns, uint32_t flags,
                                             mecha_result** out);

/**
 * Takes up work again after mecha_runtime_suspend, with a new instance id and fresh connections.
 *
 * A copy of the process may do so, too: one restored from a snapshot that was taken meanwhile, or
 * a forked child, if connections were not kept and no other thread was inside a call at the fork.
 * The runtime, its queues and its registrations are then the copy's own, beside the original's.
 *
 * @param rt     borrowed.
 * @param error  given on failure: free it with mecha_error_free. May be NULL.
 * @return MECHA_OK; MECHA_FAILED_PRECONDITION when it is not suspended; the status of a component
 *         that does not come back (the runtime stays suspended); MECHA_FORKED in a child of a
 *         process that did not suspend it, or kept connections; MECHA_CLOSED;
 *         MECHA_INVALID_ARGUMENT for NULL.
 * @blocks until the components are back.
 * @thread any, except the runtime's own.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_resume(mecha_runtime* rt, mecha_error** error);

/**
 * Ends all work: refuses new calls, lets running ones end until the deadline, stops what is left,
 * closes every component and joins every thread.
 *
 * Events of finished operations can be polled afterwards until the queue is empty. In-memory data
 * is gone. A second call returns MECHA_CLOSED.
 *
 * @param rt           borrowed; still to be freed.
 * @param deadline_ns  how long running operations and handlers of messages may take; <=0 stops
 *                     them at once.
 * @param out          given: item 0 is a report as JSON, see docs/ARCHITECTURE.md. May be NULL.
 * @return MECHA_OK; MECHA_DEADLINE_EXCEEDED when operations had to be stopped, or they or handlers
 *         to be abandoned, and the report counts them; MECHA_CLOSED; MECHA_FORKED;
 *         MECHA_REENTRANT on a thread of the runtime; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks up to the deadline and for one disk operation; 2 s more each for calls that do not stop
 *         and for brokers that do not confirm.
 * @thread any, except the runtime's own.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_shutdown(mecha_runtime* rt, int64_t deadline_ns,
                                              mecha_result** out);

/**
 * Frees a runtime, shutting it down at once if that has not been done.
 *
 * Results stay valid. Queues answer MECHA_CLOSED and are freed on their own. In a forked child it
 * leaks rather than hangs. On a thread of the runtime it returns and that thread frees.
 *
 * @param rt  taken; NULL does nothing.
 * @blocks for one disk operation at most.
 * @thread any; not during another call on the same runtime.
 * @since 0.1
 */
MECHA_API void mecha_runtime_free(mecha_runtime* rt);

/**
 * Lends the calling thread to the runtime: runs timers, blocking jobs and deliveries that are due.
 *
 * Only for runtimes opened with MECHA_OPEN_HOST_THREADS. Several threads may run at once.
 *
 * @param rt          borrowed.
 * @param timeout_ns  how long to wait for something to do; 0 does not wait, <0 waits for ever.
 * @return how many pieces of work ran, or a negative status: MECHA_FAILED_PRECONDITION without host
 *         threads, MECHA_CLOSED, MECHA_FORKED, MECHA_INVALID_ARGUMENT.
 * @blocks up to timeout_ns, plus the work.
 * @thread any thread of the host.
 * @since 0.1
 */
MECHA_API int32_t mecha_runtime_run(mecha_runtime* rt, int64_t timeout_ns);

/**
 * Gives the descriptor that is readable when mecha_runtime_run has something to do.
 *
 * For a host's own event loop. It belongs to the runtime; do not close it.
 *
 * @param rt  borrowed.
 * @return the descriptor, or -1 without MECHA_OPEN_HOST_THREADS or in a forked child.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API int mecha_runtime_fd(mecha_runtime* rt);

/**
 * Describes the runtime as JSON: components with capabilities, health and its reason, subscriptions
 * with what became of their messages, warnings, counters, limits, threads, life-cycle phase.
 *
 * Fields may be added, never removed. No secret is in it.
 *
 * @param rt   borrowed.
 * @param out  given: item 0 holds the JSON text as its value.
 * @return MECHA_OK; MECHA_FORKED; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_describe(mecha_runtime* rt, mecha_result** out);

/**
 * Reads the counters of every operation, in Prometheus text form.
 *
 * @param rt   borrowed.
 * @param out  given: item 0 holds the text as its value.
 * @return MECHA_OK; MECHA_FORKED; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_metrics_read(mecha_runtime* rt, mecha_result** out);

/**
 * Asks a running operation to end.
 *
 * It still reports, exactly once: MECHA_CANCELLED, or how it ended if that came first. A cancelled
 * write may have been applied; its result says so (MECHA_RESULT_MAYBE_APPLIED).
 *
 * @param rt  borrowed.
 * @param op  from mecha_call.op or mecha_event.id.
 * @return MECHA_OK; MECHA_NOT_FOUND when it has ended or never was; MECHA_FORKED;
 *         MECHA_INVALID_ARGUMENT for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_runtime_cancel(mecha_runtime* rt, mecha_op op);

/**
 * Adds a resource while the runtime runs, or puts a new version in the place of the one of its
 * name.
 *
 * This version takes documents of kind Subscription. One of several documents that is wrong refuses
 * all. A subscription that is replaced ends in order: handlers keep what they have.
 *
 * @param rt    borrowed.
 * @param call  how to wait; NULL blocks.
 * @param text  borrowed; one or several YAML documents.
 * @param out   given: carries the error. May be NULL.
 * @return MECHA_OK; MECHA_PENDING; MECHA_INVALID_ARGUMENT for a document that is wrong, with its
 *         line; MECHA_UNIMPLEMENTED for another kind; MECHA_CLOSED; MECHA_SUSPENDED; MECHA_FORKED;
 *         MECHA_BUSY; MECHA_VERSION; MECHA_REENTRANT.
 * @blocks without a queue in `call`, until what can start has.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_resource_apply(MECHA_ARGS, mecha_view text, mecha_result** out);

/**
 * Takes a resource away while the runtime runs. A subscription ends in order.
 *
 * @param rt    borrowed.
 * @param call  how to wait; NULL blocks. At its deadline handlers are not waited for any longer.
 * @param kind  borrowed; "Subscription".
 * @param name  borrowed; its metadata.name.
 * @param out   given: carries the error. May be NULL.
 * @return MECHA_OK; MECHA_PENDING; MECHA_NOT_FOUND; MECHA_DEADLINE_EXCEEDED when handlers had to be
 *         abandoned; MECHA_UNIMPLEMENTED for another kind; MECHA_CLOSED; MECHA_SUSPENDED;
 *         MECHA_FORKED; MECHA_BUSY; MECHA_VERSION; MECHA_REENTRANT; MECHA_INVALID_ARGUMENT.
 * @blocks without a queue in `call`, until it has ended.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_resource_delete(MECHA_ARGS, mecha_view kind, mecha_view name,
                                             mecha_result** out);

/**
 * Sends one real request to a component's back-end.
 *
 * @param rt         borrowed.
 * @param call       how to wait; NULL blocks with the defaults. A queue is refused.
 * @param component  borrowed; its name.
 * @param out        given: carries the error. May be NULL.
 * @return MECHA_OK; MECHA_NOT_FOUND for an unknown name; MECHA_UNIMPLEMENTED with a queue; else
 * what the component said.
 * @blocks until it answers or the deadline passes.
 * @thread any, except the runtime's own.
 * @since 0.1
 */
MECHA_API mecha_status mecha_component_ping(MECHA_ARGS, mecha_view component, mecha_result** out);

/**
 * Moves the runtime's clock forward, for tests of time-outs and expiry. Unstable: not promised.
 *
 * @param rt     borrowed.
 * @param by_ns  how far; not negative.
 * @return MECHA_OK; MECHA_FORKED; MECHA_INVALID_ARGUMENT.
 * @blocks no.
 * @thread any.
 * @since 0.1 (unstable)
 */
MECHA_API mecha_status mecha_clock_advance(mecha_runtime* rt, int64_t by_ns);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_RUNTIME_H */
