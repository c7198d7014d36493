/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file component_store.h
 * What a state store and a secret store of a plug-in are asked, and the functions that answer.
 * Included by component.h, which has the rules.
 */
#ifndef MECHA_COMPONENT_STORE_H
#define MECHA_COMPONENT_STORE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One operation that a plug-in owes an outcome. Never reused; 0 is none. */
typedef uint64_t mecha_task;

/** What every operation knows of its call. */
typedef struct mecha_task_info {
  uint32_t struct_size;
  uint32_t reserved;
  const mecha_kv* metadata; /**< the caller's, in its order; keys in lower case */
  size_t metadata_count;
  mecha_view traceparent;
} mecha_task_info;

/** Conditions of mecha_store_write. MECHA_ABORTED when they do not hold. */
enum {
  MECHA_WRITE_ALWAYS = 0,   /**< whatever is there */
  MECHA_WRITE_IF_MATCH = 1, /**< when `etag` is that of the live value. MECHA_INVALID_ARGUMENT for
                                 one that this store can never have made */
  MECHA_WRITE_IF_ABSENT = 2 /**< when there is no live value; never with a delete */
};

/** One write, decided in full by the library. Frozen: 104 bytes. */
typedef struct mecha_store_write {
  uint32_t kind;        /**< MECHA_STATE_SET or MECHA_STATE_DELETE (state.h): 1, 2 */
  uint32_t condition;   /**< MECHA_WRITE_* */
  uint32_t flags;       /**< MECHA_ITEM_JSON: keep it with the value, and give it back */
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG (state.h): 1, 2 */
  mecha_view key;       /**< complete: the prefix is in it */
  mecha_view value;
  mecha_view etag;
  int64_t ttl_ms; /**< 0: never expires. Else round up to what the store can do */
  uint64_t reserved[4];
} mecha_store_write;

/** What is read: one key by `get`, several by `get_many`. */
typedef struct mecha_store_get {
  uint32_t struct_size;
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG (state.h): 1, 2 */
  const mecha_task_info* info;
  const mecha_view* keys;
  size_t key_count;
} mecha_store_get;

/** What is written: one write by `write`, several by `apply`. */
typedef struct mecha_store_apply {
  uint32_t struct_size;
  uint32_t atomic; /**< non-zero: all or nothing, no key twice. Zero: independent, in order */
  const mecha_task_info* info;
  const mecha_store_write* writes;
  size_t write_count;
} mecha_store_apply;

/** Which keys are listed. */
typedef struct mecha_store_list {
  uint32_t struct_size;
  uint32_t limit; /**< at least 1; a page has at most so many items */
  const mecha_task_info* info;
  mecha_view prefix;   /**< literal: the first bytes of the keys */
  mecha_view position; /**< `next` of the previous page; absent for the first */
} mecha_store_list;

/** Which secret is read; list has no name. */
typedef struct mecha_secret_request {
  uint32_t struct_size;
  uint32_t reserved;
  const mecha_task_info* info;
  mecha_view name; /**< never empty */
} mecha_secret_request;

/** What a state store does. NULL functions are done without, as each says. */
typedef struct mecha_state_functions {
  uint32_t struct_size;
  uint32_t reserved;

  /**
   * Reads one key. One item: value, etag, flags, expiry; status MECHA_NOT_FOUND when it is absent.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*get)(void* self, mecha_task task, const mecha_store_get* request);

  /**
   * Sets or deletes one key. One item: the new etag after a set. Deleting an absent key is
   * MECHA_OK.
   *
   * When the write was sent and its answer lost: MECHA_UNAVAILABLE with MECHA_APPLIED_MAYBE. Never
   * send it again.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*write)(void* self, mecha_task task, const mecha_store_apply* request);

  /**
   * Reads several keys. One item for each, in order. NULL: the library calls get for each.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*get_many)(void* self, mecha_task task, const mecha_store_get* request);

  /**
   * Writes several keys. One item for each, in order. NULL: the library calls write for each, and
   * the type has no transactions.
   *
   * Atomic, and one condition does not hold: nothing is written, its item has the cause, and the
   * others have MECHA_CANCELLED. Comes with `atomic` only with MECHA_CAN_TRANSACTION.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*apply)(void* self, mecha_task task, const mecha_store_apply* request);

  /**
   * Lists keys. One item for each, `key` set to the complete key; `next` of the outcome leads to
   * the next page. A key that stays is listed once, whatever is written between the pages. A key
   * without the prefix makes the whole page MECHA_INTERNAL. NULL: no lists.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*list)(void* self, mecha_task task, const mecha_store_list* request);
} mecha_state_functions;

/** What a secret store does. */
typedef struct mecha_secret_functions {
  uint32_t struct_size;
  uint32_t reserved;

  /**
   * Reads one secret. One item for each of its keys; MECHA_NOT_FOUND when there is none.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*get)(void* self, mecha_task task, const mecha_secret_request* request);

  /**
   * Reads every secret. One item for each key of each, `group` set. NULL: no lists.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*list)(void* self, mecha_task task, const mecha_secret_request* request);
} mecha_secret_functions;

#ifdef __cplusplus
}
#endif

#endif /* MECHA_COMPONENT_STORE_H */
