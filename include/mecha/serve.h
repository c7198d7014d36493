/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file serve.h
 * Inbound work: messages, and later calls and events, that this process handles.
 *
 * mecha_serve registers what is served. Each request then comes as an event of kind
 * MECHA_EVENT_REQUEST on the registration's queue: `token` is the registration's, `id` names the
 * request, and `result` holds the body (item 0; a batch has one item per entry) and its metadata.
 * mecha_request_read tells the rest. Answer with mecha_request_reply, from any thread, any time
 * later, once. Whoever never answers has answered MECHA_VERDICT_RETRY.
 *
 * A message is in one handler at a time: its lease is renewed until the reply or the reply timeout.
 * When the lease is lost all the same (the process was frozen, the broker was away) the request
 * turns cancelled and its reply is MECHA_GONE.
 */
#ifndef MECHA_SERVE_H
#define MECHA_SERVE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a registration serves. */
enum {
  MECHA_SERVE_TOPIC = 1,   /**< topics of a pubsub component: subscribes to them */
  MECHA_SERVE_ROUTE = 2,   /**< the paths that declarative subscriptions (documents) name */
  MECHA_SERVE_BINDING = 3, /**< reserved, as are those below */
  MECHA_SERVE_CONFIG = 4,
  MECHA_SERVE_JOB = 5,
  MECHA_SERVE_METHOD = 6,
  MECHA_SERVE_ACTOR = 7
};

/** Flags of mecha_serve_options. */
enum {
  MECHA_SERVE_BATCH = 1u << 0,    /**< requests hold several messages, up to batch_max */
  MECHA_SERVE_SNAPSHOT = 1u << 1, /**< reserved */
  MECHA_SERVE_PAUSED = 1u << 2    /**< nothing comes before mecha_serve_credit gives credit */
};

/** Which requests may be open side by side. A message that is to be tried again holds up those
 *  behind it. Order is kept within this registration; across processes only as far as the broker
 *  keeps it. */
enum {
  MECHA_ORDER_NONE = 0,
  MECHA_ORDER_PER_KEY = 1, /**< one at a time for each ordering key; those without a key are free */
  MECHA_ORDER_SERIAL = 2   /**< one at a time */
};

/** What to serve and how. Of TOPIC either component, names and settings, or spec; of ROUTE names
 *  alone. */
typedef struct mecha_serve_options {
  uint32_t struct_size;
  uint32_t kind;           /**< MECHA_SERVE_TOPIC or MECHA_SERVE_ROUTE */
  mecha_view component;    /**< TOPIC: name of the pubsub component */
  const mecha_view* names; /**< at least one. TOPIC: topics. ROUTE: paths: "/orders", all below
                                one, "/orders/" + "*", or "*" */
  size_t name_count;
  uint64_t token;           /**< comes back in each request's event */
  uint32_t credit;          /**< how many requests may be open (not yet answered); 0 = 64. A batch
                                 is one. To begin with none: MECHA_SERVE_PAUSED */
  uint32_t flags;           /**< MECHA_SERVE_BATCH, MECHA_SERVE_PAUSED */
  uint32_t ordering;        /**< MECHA_ORDER_* */
  uint32_t batch_max;       /**< of BATCH: most messages of a request; 0 = 100 */
  int64_t batch_wait_ns;    /**< of BATCH: how long one waits to fill; 0 = 1 s; <0 = not at all */
  int64_t reply_timeout_ns; /**< without a reply by then it is MECHA_VERDICT_RETRY; 0 = 60 s */
  const mecha_kv* settings; /**< TOPIC: the subscription's metadata, see docs/routing.md */
  size_t setting_count;
  mecha_view spec; /**< TOPIC: what stands under `spec` in a v2alpha1 Subscription, as YAML or JSON:
                        component, topic, rules, dead letters, redelivery */
} mecha_serve_options;

/** What is to become of a message. */
enum {
  MECHA_VERDICT_OK = 0,    /**< handled */
  MECHA_VERDICT_RETRY = 1, /**< give it to somebody again, after a pause */
  MECHA_VERDICT_DROP = 2,  /**< never again: to the dead-letter topic if there is one */
  MECHA_VERDICT_ERROR = 3  /**< reserved for calls; of a message the same as RETRY */
};

/** The verdict on one entry of a batch. Frozen: 16 bytes. */
typedef struct mecha_entry_verdict {
  uint32_t index;         /**< of the item in the request's result, from 0 */
  uint32_t verdict;       /**< MECHA_VERDICT_* */
  int64_t retry_after_ns; /**< as in mecha_reply */
} mecha_entry_verdict;

/** The answer to a request. Zeroed but for struct_size it is MECHA_VERDICT_OK for all of it. */
typedef struct mecha_reply {
  uint32_t struct_size;
  uint32_t verdict;    /**< MECHA_VERDICT_*: of the message, or of all of a batch; does not count
                            when `entries` is set */
  mecha_status status; /**< reserved for calls, as are the next four */
  int32_t code;
  mecha_buf data;
  const mecha_kv* headers;
  size_t header_count;
  int64_t retry_after_ns;             /**< of RETRY: the pause; 0 = the subscription's policy */
  const mecha_entry_verdict* entries; /**< NULL: `verdict` counts. Else one for each message of a
                                           batch, in any order; one that is not named is RETRY, and
                                           of one that is named twice the last verdict counts */
  size_t entry_count;
  uint32_t flags; /**< reserved, as are the next two */
  uint32_t reserved;
  uint64_t object;
} mecha_reply;

/** Flags of mecha_request_info. */
enum {
  MECHA_REQUEST_REDELIVERED = 1u << 0,  /**< `attempt` is above 1: somebody may have had it */
  MECHA_REQUEST_LAST_ATTEMPT = 1u << 1, /**< RETRY sends it to the dead-letter topic */
  MECHA_REQUEST_BATCH = 1u << 2,        /**< each item is a message of its own */
  MECHA_REQUEST_RAW = 1u << 3           /**< the body is what the broker holds: no envelope */
};

/** What a request, or one entry of a batch, says of itself. Views live as long as the result. */
typedef struct mecha_request_info {
  uint32_t struct_size; /**< in: the caller's sizeof */
  uint32_t kind;        /**< MECHA_SERVE_* */
  uint32_t flags;       /**< MECHA_REQUEST_* */
  uint32_t attempt;     /**< how often it was handed out, this time included; what came back unseen
                             does not count. See docs/serve.md */
  int64_t remaining_ns; /**< until the reply timeout, when the event was taken from the queue */
  int64_t lease_ns;     /**< how long the broker waits without a renewal; 0 = for ever */
  int64_t enqueued_unix_ms; /**< when the broker took it; 0 = it does not tell */
  mecha_view component;
  mecha_view topic;
  mecha_view path; /**< the route that was matched; of TOPIC without rules the topic */
  mecha_view message_id;
  mecha_view ordering_key;
  mecha_view content_type;
  mecha_view traceparent;
  mecha_view tracestate;
  mecha_view subscription; /**< its name; absent for a TOPIC */
  uint64_t reserved[4];
} mecha_request_info;

/**
 * Registers what this process serves. Completes when it is live, or refused.
 *
 * A TOPIC subscribes: when it completes, what is published from then on comes. A ROUTE offers paths
 * to declarative subscriptions; those take no messages until every path they can reach is served.
 * Registrations come and go at any time.
 *
 * @param rt       borrowed.
 * @param call     how to wait for it to be live; NULL blocks.
 * @param queue    borrowed; where its requests go. Closing it ends the registration.
 * @param options  borrowed.
 * @param out      given on MECHA_OK and MECHA_PENDING: free it with mecha_registration_free.
 *                 Written before requests come.
 * @param result   given: carries the error. May be NULL.
 * @return MECHA_OK; MECHA_PENDING; MECHA_NOT_FOUND for an unknown component; MECHA_ALREADY_EXISTS
 *         for a path that is served already; MECHA_PERMISSION_DENIED for a topic out of scope;
 *         MECHA_INVALID_ARGUMENT for no name or an empty one, an unknown flag, ordering or key of
 *         the spec, a setting that makes no sense, a rule that cannot be used, or a queue of
 *         another runtime; MECHA_UNIMPLEMENTED for a reserved kind; MECHA_UNAVAILABLE when the
 *         broker does not answer; MECHA_CLOSED, MECHA_SUSPENDED, MECHA_FORKED, MECHA_VERSION,
 *         MECHA_BUSY, MECHA_REENTRANT.
 * @blocks without a queue in `call`, until it is live or the deadline passes.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_serve(MECHA_ARGS, mecha_queue* queue,
                                   const mecha_serve_options* options, mecha_registration** out,
                                   mecha_result** result);

/**
 * Changes how many requests may be open. 0 pauses: nothing more comes; open ones stay open.
 *
 * @param registration  borrowed.
 * @param credit        the new number.
 * @return MECHA_OK; MECHA_CLOSED when it is stopped; MECHA_FORKED; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_serve_credit(mecha_registration* registration, uint32_t credit);

/**
 * Ends a registration. Completes when it is drained: nothing new comes, requests that nobody has
 * taken from the queue go back, and those in handlers have been answered.
 *
 * At the call's deadline the open requests are cancelled, their replies are MECHA_GONE, and the
 * messages go back. A broker that does not confirm that within 2 s more is not waited for; describe
 * then has a warning.
 *
 * @param rt            borrowed.
 * @param call          how to wait; NULL blocks with the default time-out.
 * @param registration  borrowed; still to be freed.
 * @param out           given: item 0 is a report as JSON (finished, returned, abandoned). May be
 *                      NULL.
 * @return MECHA_OK; MECHA_PENDING; MECHA_DEADLINE_EXCEEDED or MECHA_CANCELLED when requests had to
 *         be abandoned; MECHA_CLOSED when it is stopped already; MECHA_FORKED;
 *         MECHA_INVALID_ARGUMENT for NULL; MECHA_REENTRANT.
 * @blocks without a queue in `call`, up to the deadline.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_serve_stop(MECHA_ARGS, mecha_registration* registration,
                                        mecha_result** out);

/**
 * Frees a registration, before or after its runtime. One that is not stopped is stopped without
 * waiting for its handlers.
 *
 * @param registration  taken; NULL does nothing.
 * @blocks no.
 * @thread any; not during another call on the same registration.
 * @since 0.1
 */
MECHA_API void mecha_registration_free(mecha_registration* registration);

/**
 * Tells what a request says of itself.
 *
 * @param request  borrowed; the result of a MECHA_EVENT_REQUEST.
 * @param index    0, or the entry of a batch.
 * @param info     borrowed; written. Set its struct_size.
 * @return MECHA_OK; MECHA_OUT_OF_RANGE for an entry that is not there; MECHA_INVALID_ARGUMENT for
 *         NULL or a result that is no request; MECHA_VERSION.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_request_read(const mecha_result* request, size_t index,
                                          mecha_request_info* info);

/**
 * Reads one metadata entry of a request: the attributes of its envelope as `cloudevent.<name>`,
 * then what the broker carried.
 *
 * @param request  borrowed; the result of a MECHA_EVENT_REQUEST.
 * @param index    0, or the entry of a batch.
 * @param which    from 0.
 * @param entry    borrowed; written. Its views live as long as the result.
 * @return MECHA_OK; MECHA_OUT_OF_RANGE past the last one, or for an entry that is not there;
 *         MECHA_INVALID_ARGUMENT for NULL or a result that is no request.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_request_metadata(const mecha_result* request, size_t index,
                                              size_t which, mecha_kv* entry);

/**
 * Tells whether a request may still be answered.
 *
 * @param rt  borrowed.
 * @param id  from the event.
 * @return MECHA_OK while it is open; MECHA_CANCELLED when its lease was lost, its time is over or
 *         the runtime ends: stop working on it; MECHA_GONE when it was answered, never was, or was
 *         cancelled long ago;
 *         MECHA_FORKED; MECHA_INVALID_ARGUMENT for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_request_cancelled(mecha_runtime* rt, mecha_request id);

/**
 * Gives a request more time before its reply timeout.
 *
 * @param rt     borrowed.
 * @param id     from the event.
 * @param by_ns  from now; the reply timeout does not come before then.
 * @return MECHA_OK; MECHA_GONE when it is not open; MECHA_FORKED; MECHA_INVALID_ARGUMENT for NULL
 * or a time that is not above 0.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_request_extend(mecha_runtime* rt, mecha_request id, int64_t by_ns);

/**
 * Answers a request.
 *
 * MECHA_OK means that the verdict counts: no other handler has had the message in the meantime. The
 * broker is told in the background; if it cannot be, the message may come again.
 *
 * @param rt     borrowed.
 * @param id     from the event.
 * @param reply  borrowed; NULL is MECHA_VERDICT_OK.
 * @return MECHA_OK; MECHA_GONE for a second or late reply, a lost lease, or after shutdown;
 *         MECHA_INVALID_ARGUMENT for an unknown verdict or an entry that is not there, and the
 *         request stays open; MECHA_FORKED; MECHA_VERSION.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_request_reply(mecha_runtime* rt, mecha_request id,
                                           const mecha_reply* reply);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_SERVE_H */
