/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file component.h
 * Plug-ins: state stores, secret stores and message brokers that are written in any language and
 * loaded when a runtime opens. A plug-in is a shared library that exports one function,
 * `mecha_plugin_entry`, and does not link to libmecha: both sides hand each other tables of
 * functions. docs/write_a_plugin.md shows a whole one.
 *
 * Rules, besides those of types.h:
 *
 *  1. Tables and requests begin with `struct_size`, set by the side that made them, and only ever
 *     grow at the end. Look at `struct_size` (MECHA_HAS) before you use what a later release added.
 *     What is Frozen never grows. Zero what you do not set.
 *  2. MECHA_SPI_VERSION changes only when old plug-ins would break; then they are refused.
 *  3. Every operation comes with a task. Complete it once, inside the function or later, from any
 *     thread. A second completion is ignored, with a warning. When the call has ended before (its
 *     deadline, a cancel), completing is still due and safe; the outcome is dropped.
 *  4. What a request points to is valid until the function returns: copy what you need later. What
 *     an outcome points to is copied before `complete` returns.
 *  5. Operations come from many threads at once, from the end of `init` to `suspend` or `close`.
 *     Functions of the host may be called from any thread, also under your own locks: none of them
 *     calls you back.
 *  6. A plug-in is never unloaded. It lets no exception, panic or signal leave its functions,
 *     prints nothing, and changes nothing of the process (environment, locale, signals).
 */
#ifndef MECHA_COMPONENT_H
#define MECHA_COMPONENT_H

#include "component_pubsub.h"
#include "component_store.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this interface: equal in library and plug-in, or the plug-in is refused. */
#define MECHA_SPI_VERSION 1

/** Whether the other side's table is so new that it has `member`. */
#define MECHA_HAS(type, table, member) \
  ((table)->struct_size >= offsetof(type, member) + sizeof((table)->member))

/** Severities of mecha_host.log. From MECHA_LOG_WARNING up they show in describe. */
enum { MECHA_LOG_DEBUG = 0, MECHA_LOG_INFO = 1, MECHA_LOG_WARNING = 2, MECHA_LOG_ERROR = 3 };

/** Of a write that failed: whether it changed the store. */
enum { MECHA_APPLIED_NO = 0, MECHA_APPLIED_MAYBE = 1, MECHA_APPLIED_YES = 2 };

/** One part of an outcome. Zeroed, it is a success without content. Frozen: 128 bytes. */
typedef struct mecha_outcome_item {
  mecha_status status; /**< MECHA_OK, MECHA_NOT_FOUND, MECHA_ABORTED, ... */
  uint32_t applied;    /**< MECHA_APPLIED_* */
  uint32_t flags;      /**< MECHA_ITEM_JSON */
  uint32_t reserved0;
  mecha_view group;        /**< the name of the secret */
  mecha_view key;          /**< list: a complete key. Secrets: the key within the secret */
  mecha_view value;        /**< the value that was read */
  mecha_view etag;         /**< at most 64 bytes; of the value, or the new one after a set; the
                                broker's id of a message, of any length */
  mecha_view message;      /**< of a failure: what happened, and what mends it. Never a secret */
  int64_t expires_unix_ms; /**< 0: never, or the store cannot tell */
  uint64_t reserved[3];
} mecha_outcome_item;

/** How a task ended. With a `status` other than MECHA_OK the items do not count. */
typedef struct mecha_outcome {
  uint32_t struct_size;
  mecha_status status;
  uint32_t applied; /**< MECHA_APPLIED_* */
  uint32_t reserved;
  mecha_view message;
  const mecha_outcome_item* items; /**< how many there must be: see each operation */
  size_t item_count;
  mecha_view next; /**< list: where the next page begins; absent on the last page */
} mecha_outcome;

/** Who the component is. Texts end with NUL, are never NULL, and live to the end of `close`. */
typedef struct mecha_identity {
  uint32_t struct_size;
  uint32_t reserved;
  const char* name;    /**< metadata.name of the Component document */
  const char* type;    /**< "state.my-store" */
  const char* version; /**< "v1" */
  const char* app_id;
  const char* name_space;
  const char* instance_id; /**< unique per start of a runtime */
} mecha_identity;

/** What the library gives to one component; valid from `create` to the end of `close`. When tasks
 *  are open at that end: `complete`, `task_state` and `task_remaining_ns` for ever, no other. */
typedef struct mecha_host {
  uint32_t struct_size;
  uint32_t spi_version;
  const mecha_identity* identity;

  /**
   * Ends a task: hands over its outcome.
   *
   * A task that has ended already is left alone; that is a warning in describe. An outcome that
   * makes no sense is MECHA_INTERNAL, one that memory cannot take MECHA_NO_MEMORY; a write then
   * counts as maybe applied.
   *
   * @param host     borrowed.
   * @param task     from the operation.
   * @param outcome  borrowed; all it points to is copied.
   * @blocks no.
   * @thread any; also inside the operation.
   * @since 0.1
   */
  void (*complete)(const struct mecha_host* host, mecha_task task, const mecha_outcome* outcome);

  /**
   * Tells whether a task is still wanted. Ask now and then in long work.
   *
   * @param host  borrowed.
   * @param task  from the operation.
   * @return MECHA_OK while somebody waits for it; MECHA_CANCELLED, MECHA_DEADLINE_EXCEEDED,
   *         MECHA_SUSPENDED or MECHA_CLOSED when it should end; MECHA_GONE when it was completed.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  mecha_status (*task_state)(const struct mecha_host* host, mecha_task task);

  /**
   * Tells how long somebody will wait for a task.
   *
   * @param host  borrowed.
   * @param task  from the operation.
   * @return nanoseconds, 0 when task_state is not MECHA_OK, INT64_MAX without a deadline.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  int64_t (*task_remaining_ns)(const struct mecha_host* host, mecha_task task);

  /**
   * Reads the monotonic clock of the runtime. Tests move it, so expiry must go by it.
   *
   * @param host  borrowed.
   * @return nanoseconds since some moment.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  int64_t (*steady_ns)(const struct mecha_host* host);

  /**
   * Reads the wall clock of the runtime. Tests move it, too.
   *
   * @param host  borrowed.
   * @return milliseconds since 1970, UTC.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  int64_t (*wall_unix_ms)(const struct mecha_host* host);

  /**
   * Fills memory with random bytes, good enough for keys.
   *
   * @param host   borrowed.
   * @param bytes  borrowed; written.
   * @param size   how many.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  void (*random)(const struct mecha_host* host, void* bytes, size_t size);

  /**
   * Tells those who listen what no result can tell. Never log and return the same failure.
   *
   * @param host      borrowed.
   * @param severity  MECHA_LOG_*.
   * @param message   borrowed; no secret, no line end.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  void (*log)(const struct mecha_host* host, uint32_t severity, mecha_view message);

  /**
   * Reads a setting: what the document says, with secrets filled in, or the field's default.
   *
   * Times, numbers and booleans are checked by the library and easier read by setting_number.
   *
   * @param host  borrowed.
   * @param name  borrowed; a field of the type, in any case, ended by NUL.
   * @return the text, valid until `close` has returned; absent data when it is not set.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  mecha_view (*setting_text)(const struct mecha_host* host, const char* name);

  /**
   * Reads a setting as a whole number: an integer, a boolean (0 or 1), a duration (nanoseconds) or
   * a size (bytes).
   *
   * @param host  borrowed.
   * @param name  borrowed; a field of the type, in any case, ended by NUL.
   * @return the number; 0 when it is not set, or the field is a text.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  int64_t (*setting_number)(const struct mecha_host* host, const char* name);

  /**
   * Hands messages over to the library, in order; all or none. The library passes them on later, on
   * a thread of its own.
   *
   * @param host        borrowed.
   * @param feed        from open_feed.
   * @param deliveries  borrowed; all they point to is copied.
   * @param count       at most what was requested and not delivered yet; 0 does nothing.
   * @return MECHA_OK: the library has them until they are settled. Else they are still yours:
   *         MECHA_GONE when the feed stops; MECHA_NO_MEMORY; and, with a warning in describe,
   *         MECHA_RESOURCE_EXHAUSTED for more than was requested, MECHA_INVALID_ARGUMENT for a
   *         number that is not larger than the one before.
   * @blocks no.
   * @thread any; one at a time for each feed.
   * @since 0.1
   */
  mecha_status (*deliver)(const struct mecha_host* host, mecha_feed feed,
                          const mecha_delivery* deliveries, size_t count);

  /**
   * Tells that no messages come for now, and that they come again. A feed mends itself, with
   * growing pauses, and says each change once; it does not log besides.
   *
   * @param host     borrowed.
   * @param feed     from open_feed.
   * @param status   MECHA_OK: they come again. Else why none come, MECHA_UNAVAILABLE say.
   * @param message  borrowed; of a failure: what happened. Never a secret.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  void (*feed_health)(const struct mecha_host* host, mecha_feed feed, mecha_status status,
                      mecha_view message);
} mecha_host;

/** What a field of spec.metadata holds; the library checks it. */
enum {
  MECHA_FIELD_TEXT = 0,
  MECHA_FIELD_INTEGER = 1,
  MECHA_FIELD_NUMBER = 2,
  MECHA_FIELD_BOOLEAN = 3,
  MECHA_FIELD_DURATION = 4, /**< "1m30s" */
  MECHA_FIELD_BYTES = 5     /**< "64Ki" */
};

/** Flags of mecha_field. */
enum {
  MECHA_FIELD_REQUIRED = 1u << 0,
  MECHA_FIELD_SENSITIVE = 1u << 1 /**< printed as *** */
};

/** A field of spec.metadata. Texts end with NUL. Frozen: 56 bytes. */
typedef struct mecha_field {
  const char* name;
  const char* description;
  const char* default_text; /**< NULL: none */
  uint32_t type;            /**< MECHA_FIELD_TEXT to MECHA_FIELD_BYTES */
  uint32_t flags;           /**< MECHA_FIELD_REQUIRED, MECHA_FIELD_SENSITIVE */
  uint64_t reserved[3];
} mecha_field;

/** Kinds of mecha_component_type: which functions it has. */
enum { MECHA_COMPONENT_STATE = 1, MECHA_COMPONENT_SECRETS = 2, MECHA_COMPONENT_PUBSUB = 3 };

/** How the functions of a type use the thread they are called on. */
enum {
  MECHA_THREADS_QUICK = 0,   /**< they return at once; the task is completed there or later */
  MECHA_THREADS_INLINE = 1,  /**< they never block and complete before they return */
  MECHA_THREADS_BLOCKING = 2 /**< they may block: called on the thread of a caller who waits, or on
                                  one of the pool. Such a function asks task_state now and then and
                                  ends when it is not MECHA_OK; task_remaining_ns is the longest
                                  that it may wait */
};

/** What a state store or a broker can do. What is not set is refused, or done by the library,
 * before it reaches the plug-in. TTL, DURABLE and EMBEDDED are of both, those from DELAY on of
 * brokers. */
enum {
  MECHA_CAN_ETAG = 1u << 0,        /**< etags, MECHA_WRITE_IF_MATCH and MECHA_WRITE_IF_ABSENT */
  MECHA_CAN_TRANSACTION = 1u << 1, /**< apply with `atomic` */
  MECHA_CAN_TTL = 1u << 2,         /**< what has expired is gone */
  MECHA_CAN_STRONG = 1u << 3,      /**< MECHA_STATE_STRONG */
  MECHA_CAN_JSON = 1u << 4,        /**< keeps MECHA_ITEM_JSON */
  MECHA_CAN_ANY_KEY = 1u << 5,     /**< keys with spaces and control characters */
  MECHA_IS_DURABLE = 1u << 6,      /**< what was acknowledged outlives the process */
  MECHA_IS_EMBEDDED = 1u << 7,     /**< init touches no network: it runs on the starting thread */
  MECHA_CAN_LONG_KEY = 1u << 8, /**< keys up to the library's limit, 1,024 bytes and the prefix */
  MECHA_CAN_DELAY = 1u << 9,    /**< keeps a message that was given back until its pause is over */
  MECHA_CAN_ORDER = 1u << 10,   /**< a lone consumer sees the order of publishing */
  MECHA_CAN_SHARE = 1u << 11,   /**< several processes may share a group */
  MECHA_CAN_COUNT = 1u << 12, /**< counts how often it handed a message out; MECHA_SETTLE_UNSEEN */
  MECHA_CAN_METADATA = 1u << 13, /**< the publisher's metadata, and its key, arrive */
  MECHA_HAS_BROKER_ID = 1u << 14 /**< publishing tells the broker's own id */
};

/** One component type. Texts end with NUL; all of it is constant. */
typedef struct mecha_component_type {
  uint32_t struct_size;
  uint32_t kind;             /**< MECHA_COMPONENT_* */
  const char* type;          /**< "state.my-store", "secretstores.my-store", "pubsub.my-broker" */
  const char* version;       /**< "v1" */
  const char* status;        /**< "alpha", "beta" or "stable" */
  const char* description;   /**< one paragraph for users */
  uint32_t threads;          /**< MECHA_THREADS_* */
  uint32_t capabilities;     /**< MECHA_CAN_*, MECHA_IS_* */
  const mecha_field* fields; /**< a state store has keyPrefix, primaryEncryptionKey and
                                  secondaryEncryptionKey without a word, and ttlInSeconds with
                                  MECHA_CAN_TTL; a broker consumerID and what limits its topics:
                                  the library does what they say */
  size_t field_count;
  const mecha_state_functions* state;
  const mecha_secret_functions* secrets;

  /**
   * Makes a component: memory only. No file, no socket, no thread yet.
   *
   * @param host  borrowed until close has returned; longer only for tasks that are open then.
   * @return what all other functions get as `self`; NULL when there is no memory.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  void* (*create)(const mecha_host* host);

  /**
   * Reads the settings, opens files, connects. No items. A failure says in its message what is
   * wrong, and what mends it; close follows.
   *
   * @param self  from create.
   * @param task  complete it once; within task_remaining_ns (initTimeout).
   * @blocks it may.
   * @thread any.
   * @since 0.1
   */
  void (*init)(void* self, mecha_task task);

  /**
   * Shows that the back-end answers: one real round trip. No items. NULL: there is no back-end.
   *
   * @param self  from create.
   * @param task  complete it once.
   * @blocks it may.
   * @thread any.
   * @since 0.1
   */
  void (*ping)(void* self, mecha_task task);

  /**
   * Closes files and sockets and ends threads; keeps data in memory. No call is under way, and none
   * comes before resume; tasks whose calls have ended may be open. NULL: nothing to close.
   *
   * @param self              from create.
   * @param keep_connections  non-zero: leave files and sockets open.
   * @blocks it may.
   * @thread any.
   * @since 0.1
   */
  void (*suspend)(void* self, uint32_t keep_connections);

  /**
   * Opens again what suspend closed. No items. NULL: there is nothing to open.
   *
   * @param self  from create.
   * @param task  complete it once.
   * @blocks it may.
   * @thread any.
   * @since 0.1
   */
  void (*resume)(void* self, mecha_task task);

  /**
   * Ends everything and frees `self`. Also after an init that failed or whose time was over.
   *
   * Tasks may be open whose calls have ended: complete them here or later; `host` stays for that.
   * Threads that use it for anything else have left it when this returns.
   *
   * @param self  taken.
   * @blocks it may; as shortly as possible.
   * @thread any.
   * @since 0.1
   */
  void (*close)(void* self);

  const mecha_pubsub_functions* pubsub;
} mecha_component_type;

/** What a plug-in gives to the library. The first two members never change. */
typedef struct mecha_plugin {
  uint32_t struct_size;
  uint32_t spi_version; /**< MECHA_SPI_VERSION */
  const char* name;     /**< of the plug-in, for messages */
  const char* version;  /**< of the plug-in, for messages */
  const mecha_component_type* const* types;
  size_t type_count;
} mecha_plugin;

/** What the library says of itself before it knows the plug-in. */
typedef struct mecha_library {
  uint32_t struct_size;
  uint32_t spi_version;
  const char* version; /**< "0.1.0" */
} mecha_library;

/** The name of the one function a plug-in exports, and its type: it returns a constant, does no
 *  work, and is called once for each runtime. NULL refuses the library. */
#define MECHA_PLUGIN_ENTRY "mecha_plugin_entry"
typedef const mecha_plugin* (*mecha_plugin_entry_function)(const mecha_library* library);

/** A view of a text that ends with NUL; absent for NULL. */
static inline mecha_view mecha_view_of(const char* text) {
  mecha_view view;
  view.data = text;
  view.size = 0;
  while (text != NULL && text[view.size] != '\0') {
    ++view.size;
  }
  return view;
}

#ifdef __cplusplus
}
#endif

#endif /* MECHA_COMPONENT_H */
