/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file types.h
 * The types every other header uses, and what the library says of itself.
 *
 * Rules that hold for every function of this library:
 *
 *  1. Any function may be called from any thread, except a free during another call on the same
 *     handle.
 *  2. No callback runs inside a call, `interrupted` excepted.
 *  3. MECHA_PENDING, and only MECHA_PENDING, promises exactly one event on the call's queue.
 *  4. Inputs are borrowed for the call and copied if kept, unless `release` or MECHA_CALL_BORROW
 *     says otherwise.
 *  5. Results are immutable, reference-counted, and independent of the runtime: they may be read
 *     and released after it is gone.
 *  6. Freeing or releasing NULL does nothing.
 *  7. In a child made by fork every handle of the parent answers MECHA_FORKED at once, without
 *     taking a lock; frees there leak rather than hang. A runtime that was suspended before the
 *     fork can be resumed there: mecha_runtime_resume.
 *  8. An unknown setting is an error.
 *  9. Structs are zeroed by the caller and start with `struct_size`, except the frozen ones, whose
 *     size never changes. Zero means the default. A larger struct whose unknown tail is not zero
 *     is MECHA_VERSION.
 * 10. Nothing is printed. There is no thread-local last error. Memory comes from malloc.
 *
 * Text is UTF-8. Times ending in `_ns` are nanoseconds, in `_ms` milliseconds. In each comment,
 * *borrowed* means the library reads it during the call only, *taken* that it becomes the
 * library's, *given* that it becomes the caller's to free or release.
 */
#ifndef MECHA_TYPES_H
#define MECHA_TYPES_H

#include <stddef.h>
#include <stdint.h>

/** The version these headers describe; mecha_version() tells the version that is loaded. */
#define MECHA_VERSION_MAJOR 0
#define MECHA_VERSION_MINOR 1
#define MECHA_VERSION_PATCH 0
/** MECHA_VERSION_MAJOR * 1000000 + MECHA_VERSION_MINOR * 1000 + MECHA_VERSION_PATCH. */
#define MECHA_API_VERSION 1000

#if defined(__GNUC__) || defined(__clang__)
#define MECHA_API __attribute__((visibility("default")))
#else
#define MECHA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A runtime: one app id, its components, and every thread that serves them. */
typedef struct mecha_runtime mecha_runtime;
/** A completion queue: where asynchronous operations report. */
typedef struct mecha_queue mecha_queue;
/** What an operation returned: items, metadata and errors. Immutable, reference-counted. */
typedef struct mecha_result mecha_result;
/** Why something failed, in words and in parts. */
typedef struct mecha_error mecha_error;
/** Inbound work that a host serves; see serve.h. */
typedef struct mecha_registration mecha_registration;
/** A streamed body. Reserved. */
typedef struct mecha_stream mecha_stream;

/** MECHA_OK, a positive note or a negative failure; see mecha_status_name(). */
typedef int32_t mecha_status;
/** Names a running operation. Never reused while a stale copy could do harm; 0 names none. */
typedef uint64_t mecha_op;
/** Names an inbound request; 0 names none. */
typedef uint64_t mecha_request;

/** Status values. An unknown value is to be treated as MECHA_UNKNOWN and not retried. */
enum {
  MECHA_OK = 0,
  MECHA_PENDING = 1, /**< an event will follow */
  MECHA_PARTIAL = 2, /**< some items failed; each item says how it ended */
  MECHA_CANCELLED = -1,
  MECHA_UNKNOWN = -2,
  MECHA_INVALID_ARGUMENT = -3,
  MECHA_DEADLINE_EXCEEDED = -4,
  MECHA_NOT_FOUND = -5,
  MECHA_ALREADY_EXISTS = -6,
  MECHA_PERMISSION_DENIED = -7,
  MECHA_RESOURCE_EXHAUSTED = -8,
  MECHA_FAILED_PRECONDITION = -9,
  MECHA_ABORTED = -10, /**< an etag did not match */
  MECHA_OUT_OF_RANGE = -11,
  MECHA_UNIMPLEMENTED = -12,
  MECHA_INTERNAL = -13,
  MECHA_UNAVAILABLE = -14,
  MECHA_DATA_LOSS = -15,
  MECHA_UNAUTHENTICATED = -16,
  MECHA_BUSY = -100,      /**< too much in flight; nothing was started */
  MECHA_CLOSED = -101,    /**< the runtime or queue is closed */
  MECHA_FORKED = -102,    /**< the handle belongs to the parent process */
  MECHA_REENTRANT = -103, /**< would block one of the runtime's own threads */
  MECHA_VERSION = -104,   /**< a struct or api_version this library does not know */
  MECHA_NO_MEMORY = -105,
  MECHA_GONE = -106,      /**< the request is not open any more */
  MECHA_SUSPENDED = -107, /**< the runtime is suspended */
  MECHA_OUTCOME_UNKNOWN = -108,
  MECHA_DEADLOCK = -109,
  MECHA_STUCK = -110
};

/** Bytes of someone else. NULL data is absent; non-NULL with size 0 is empty. Not terminated by a
 *  NUL byte. Frozen: 16 bytes. */
typedef struct mecha_view {
  const void* data;
  size_t size;
} mecha_view;

/** A key and its value. Frozen: 32 bytes. */
typedef struct mecha_kv {
  mecha_view key;
  mecha_view value;
} mecha_kv;

/** Bytes to send. With `release` NULL they are copied if kept; with a `release` they stay valid
 *  until it runs, exactly once, on the polling thread or in the blocking caller, also when the call
 *  fails. Frozen: 32 bytes. */
typedef struct mecha_buf {
  const void* data;
  size_t size;
  void (*release)(void* ctx);
  void* ctx;
} mecha_buf;

/** How the pauses between tries grow. */
enum {
  MECHA_RETRY_CONSTANT = 0,   /**< always interval_ns */
  MECHA_RETRY_LINEAR = 1,     /**< interval_ns, 2 * interval_ns, 3 * interval_ns, ... */
  MECHA_RETRY_EXPONENTIAL = 2 /**< interval_ns doubled each time, spread by up to half */
};

/** When to try a failed operation again. Only failures that surely changed nothing are retried,
 *  unless the operation is idempotent. */
typedef struct mecha_retry {
  uint32_t struct_size;
  uint32_t pattern;        /**< MECHA_RETRY_* */
  int64_t interval_ns;     /**< the first pause; 0 = 100 ms */
  int64_t max_interval_ns; /**< no pause is longer; 0 = 10 s */
  int32_t limit;           /**< tries after the first one; <0 = until the deadline */
  uint32_t reserved;
} mecha_retry;

/** Flags of mecha_call. */
enum {
  MECHA_CALL_INLINE = 1u << 0, /**< may complete during the call, then without an event */
  MECHA_CALL_BORROW = 1u << 1, /**< inputs stay valid until the event; nothing is copied */
  MECHA_CALL_IDEMPOTENT =
      1u << 2,                   /**< doing it twice is harmless: ambiguous failures are retried */
  MECHA_CALL_DETACHED = 1u << 3, /**< reserved */
  MECHA_CALL_ONE_WAY = 1u << 4   /**< reserved */
};

/** How to run an operation. NULL blocks the calling thread with the defaults. */
typedef struct mecha_call {
  uint32_t struct_size;
  uint32_t flags;     /**< MECHA_CALL_* */
  mecha_queue* queue; /**< NULL blocks; else the call returns MECHA_PENDING and reports there */
  uint64_t token;     /**< comes back in the event */
  mecha_op* op;       /**< if set, receives the operation's id before it can complete */
  int64_t timeout_ns; /**< 0 = the runtime's default (60 s); <0 = none; covers all retries */
  const mecha_kv* metadata;
  size_t metadata_count;
  mecha_view traceparent;
  mecha_view tracestate;
  mecha_view baggage;
  mecha_request within;     /**< 0 = on its own; else on behalf of that inbound request */
  const mecha_retry* retry; /**< overrides the resource's policy for this operation */
  mecha_view idempotency_key;
  /** Asked on the waiting thread of a blocking call, at signals at least; non-zero cancels it. */
  int (*interrupted)(void* user);
  void* user;
} mecha_call;

/** The first two arguments of every operation. */
#define MECHA_ARGS mecha_runtime *rt, const mecha_call *call

/** Kinds of mecha_event. Release the result of an unknown kind and ignore it. */
enum {
  MECHA_EVENT_NONE = 0,
  MECHA_EVENT_COMPLETION = 1, /**< an operation ended */
  MECHA_EVENT_LOG = 2,    /**< result item 0: key = component, value = text; number = severity */
  MECHA_EVENT_SPAN = 3,   /**< reserved */
  MECHA_EVENT_REQUEST = 4 /**< something to handle; see serve.h */
};

/** One entry of a completion queue. Frozen: 64 bytes. */
typedef struct mecha_event {
  uint32_t kind;        /**< MECHA_EVENT_* */
  mecha_status status;  /**< how the operation ended */
  uint64_t token;       /**< from mecha_call */
  uint64_t id;          /**< the operation's or the request's id */
  mecha_result* result; /**< given; release it */
  uint64_t object;
  uint64_t reserved[3];
} mecha_event;

/** Flags of mecha_item. */
enum {
  MECHA_ITEM_JSON = 1u << 0 /**< the value was stored as JSON */
};

/** One item of a result. Its views live as long as the result. */
typedef struct mecha_item {
  uint32_t struct_size; /**< in: the caller's sizeof */
  mecha_status status;
  uint32_t flags;
  uint32_t reserved;
  mecha_view group;
  mecha_view key;
  mecha_view value;
  mecha_view etag;
  mecha_view content_type;
  uint64_t number;
  int64_t expires_unix_ms; /**< 0 = never, or the store cannot tell */
} mecha_item;

/** Flags of mecha_result_info. */
enum {
  MECHA_RESULT_FROM_PEER = 1u << 0,     /**< reserved */
  MECHA_RESULT_MAYBE_APPLIED = 1u << 1, /**< a failed write may have happened all the same */
  MECHA_RESULT_HELD = 1u << 2,          /**< reserved */
  MECHA_RESULT_REPLAYED = 1u << 3       /**< reserved */
};

/** What a result holds. */
typedef struct mecha_result_info {
  uint32_t struct_size; /**< in: the caller's sizeof */
  mecha_status status;
  int32_t code; /**< an HTTP or gRPC code from a peer; 0 = none */
  uint32_t flags;
  size_t count;    /**< how many items */
  mecha_view page; /**< a list's token for the next page; absent on the last */
  uint64_t number; /**< tries made */
  mecha_stream* stream;
} mecha_result_info;

/**
 * Tells the version of the loaded library.
 *
 * Compare it with MECHA_API_VERSION, the version of these headers.
 *
 * @return the version, in the form of MECHA_API_VERSION.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API uint32_t mecha_version(void);

/**
 * Tells the version of the loaded library as text, "0.1.0".
 *
 * @return a constant, terminated by NUL; never NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API const char* mecha_version_string(void);

/**
 * Names a status, "NOT_FOUND".
 *
 * @param status  any value.
 * @return a constant, terminated by NUL; "UNKNOWN" for a value this library does not know.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API const char* mecha_status_name(mecha_status status);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_TYPES_H */
