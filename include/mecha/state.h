/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file state.h
 * Keys and values in a store that the resources name.
 *
 * A key is prefixed by the store's keyPrefix strategy before it reaches the back-end; results show
 * it as the caller wrote it. A value is bytes. With content type `application/json` it must be JSON
 * and is stored as JSON; everything else is stored as binary. The content type itself is not
 * stored.
 *
 * Etags are opaque, at most 64 bytes, and mean the same in every store:
 *
 *   flags              etag given            no etag
 *   none (last write)  ignored; writes       writes
 *   FIRST_WRITE        writes if it matches  writes if the key is absent (delete: deletes)
 *
 * A mismatch, also on an absent key, is MECHA_ABORTED. An etag the store can never have made is
 * MECHA_INVALID_ARGUMENT.
 *
 * Each operation here, besides the statuses it names, may return:
 * MECHA_PENDING with a queue; MECHA_NOT_FOUND with an error for an unknown store;
 * MECHA_INVALID_ARGUMENT (NULL where something is needed; a key that is empty, too long or holds
 * "||"); MECHA_DEADLINE_EXCEEDED; MECHA_CANCELLED; MECHA_UNAVAILABLE (the back-end cannot be
 * reached); MECHA_UNAUTHENTICATED; MECHA_PERMISSION_DENIED; MECHA_RESOURCE_EXHAUSTED (disk or
 * memory full); MECHA_FAILED_PRECONDITION (not started; a read-only file); MECHA_DATA_LOSS (what is
 * stored cannot be read); MECHA_INTERNAL; MECHA_BUSY (queue full); MECHA_CLOSED; MECHA_SUSPENDED;
 * MECHA_FORKED; MECHA_REENTRANT; MECHA_VERSION; MECHA_GONE (`within` is not open); MECHA_NO_MEMORY.
 * docs/what_may_have_happened.md tells for each whether a write was applied.
 */
#ifndef MECHA_STATE_H
#define MECHA_STATE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How fresh a read must be and how widely a write must have spread. */
enum {
  MECHA_STATE_CONSISTENCY_DEFAULT = 0, /**< eventual */
  MECHA_STATE_EVENTUAL = 1,
  MECHA_STATE_STRONG = 2
};

/** Kinds of mecha_state_op. */
enum { MECHA_STATE_SET = 1, MECHA_STATE_DELETE = 2 };

/** Flags of mecha_state_op, mecha_state_set_options and mecha_state_delete_options. */
enum {
  MECHA_STATE_FIRST_WRITE = 1u << 0 /**< first-write concurrency: see the table above */
};

/** One write of mecha_state_apply. Frozen: 136 bytes. */
typedef struct mecha_state_op {
  uint32_t kind;  /**< MECHA_STATE_SET or MECHA_STATE_DELETE */
  uint32_t flags; /**< MECHA_STATE_FIRST_WRITE */
  mecha_view key;
  mecha_buf value;
  mecha_view etag;
  mecha_view content_type;
  int64_t ttl_ms; /**< 0 = the component's default; -1 = never expires; else at least this long */
  const mecha_kv* metadata;
  size_t metadata_count;
  uint64_t reserved[3];
} mecha_state_op;

/** How to read. */
typedef struct mecha_state_get_options {
  uint32_t struct_size;
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG */
} mecha_state_get_options;

/** How to set. */
typedef struct mecha_state_set_options {
  uint32_t struct_size;
  uint32_t flags;       /**< MECHA_STATE_FIRST_WRITE */
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG */
  uint32_t reserved;
  mecha_view etag;
  mecha_view content_type;
  int64_t ttl_ms; /**< 0 = the component's default; -1 = never expires; else at least this long */
} mecha_state_set_options;

/** How to delete. */
typedef struct mecha_state_delete_options {
  uint32_t struct_size;
  uint32_t flags;       /**< MECHA_STATE_FIRST_WRITE */
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG */
  uint32_t reserved;
  mecha_view etag;
} mecha_state_delete_options;

/** How to apply several writes. */
typedef struct mecha_state_apply_options {
  uint32_t struct_size;
  uint32_t atomic;      /**< non-zero: one transaction; zero: independent writes */
  uint32_t consistency; /**< MECHA_STATE_EVENTUAL or MECHA_STATE_STRONG */
  uint32_t reserved;
} mecha_state_apply_options;

/** Which page of a list to read. */
typedef struct mecha_state_list_options {
  uint32_t struct_size;
  uint32_t limit;  /**< keys per page at most; 0 = 100, more than 1000 reads as 1000 */
  mecha_view page; /**< mecha_result_info.page of the previous page; absent for the first */
} mecha_state_list_options;

/** Which page of a query to read. */
typedef struct mecha_state_query_options {
  uint32_t struct_size;
  uint32_t limit;  /**< values per page at most; 0 = the query's own or 100; at most 1000 */
  mecha_view page; /**< mecha_result_info.page of the previous page; absent for the first */
} mecha_state_query_options;

/**
 * Reads one key.
 *
 * An absent key is MECHA_NOT_FOUND: a result without an error. Item 0 has value, etag, flag
 * MECHA_ITEM_JSON, and the expiry where the store can tell.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param key      borrowed.
 * @param options  borrowed; may be NULL.
 * @param out      given; may be NULL.
 * @return MECHA_OK; MECHA_NOT_FOUND; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_get(MECHA_ARGS, mecha_view store, mecha_view key,
                                       const mecha_state_get_options* options, mecha_result** out);

/**
 * Reads several keys.
 *
 * Item i belongs to key i; an absent key's item is MECHA_NOT_FOUND and does not make the whole
 * fail. Keys may repeat.
 *
 * @param rt         borrowed.
 * @param call       borrowed; NULL blocks with the defaults.
 * @param store      borrowed; the component's name.
 * @param keys       borrowed.
 * @param key_count  how many; 0 is MECHA_OK with no items.
 * @param options    borrowed; may be NULL.
 * @param out        given; may be NULL.
 * @return MECHA_OK when every key was read or is absent; MECHA_PARTIAL when some failed; what the
 *         head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_get_many(MECHA_ARGS, mecha_view store, const mecha_view* keys,
                                            size_t key_count,
                                            const mecha_state_get_options* options,
                                            mecha_result** out);

/**
 * Writes one key. Item 0 has its new etag.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param key      borrowed.
 * @param value    borrowed, or taken until its `release` runs.
 * @param options  borrowed; may be NULL.
 * @param out      given; may be NULL.
 * @return MECHA_OK; MECHA_ABORTED when an etag did not match or the key exists;
 *         MECHA_OUT_OF_RANGE for a value over the limit; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_set(MECHA_ARGS, mecha_view store, mecha_view key,
                                       mecha_buf value, const mecha_state_set_options* options,
                                       mecha_result** out);

/**
 * Deletes one key. Deleting an absent key is MECHA_OK, unless an etag was to match.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param key      borrowed.
 * @param options  borrowed; may be NULL.
 * @param out      given; may be NULL.
 * @return MECHA_OK; MECHA_ABORTED when an etag did not match; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_delete(MECHA_ARGS, mecha_view store, mecha_view key,
                                          const mecha_state_delete_options* options,
                                          mecha_result** out);

/**
 * Writes several keys, as one transaction or independently.
 *
 * Item i tells how write i ended, with its new etag. Atomic: all or nothing, in order, no key
 * twice. When an etag does not match, the whole is MECHA_ABORTED, the item at fault carries the
 * cause, the others are MECHA_CANCELLED. Independent: each write succeeds or fails by itself.
 *
 * @param rt        borrowed.
 * @param call      borrowed; NULL blocks with the defaults.
 * @param store     borrowed; the component's name.
 * @param ops       borrowed; values with a `release` are taken until it runs.
 * @param op_count  how many; 0 is MECHA_OK with no items.
 * @param options   borrowed; NULL applies independently.
 * @param out       given; may be NULL.
 * @return MECHA_OK; MECHA_PARTIAL when some independent writes failed; MECHA_ABORTED;
 *         MECHA_INVALID_ARGUMENT also for a key twice in one transaction; MECHA_OUT_OF_RANGE for
 * too many writes (error detail `max_ops`); MECHA_UNIMPLEMENTED when the store has no transactions;
 * what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_apply(MECHA_ARGS, mecha_view store, const mecha_state_op* ops,
                                         size_t op_count, const mecha_state_apply_options* options,
                                         mecha_result** out);

/**
 * Lists keys that start with a prefix, one page at a time.
 *
 * The prefix is literal; empty lists all keys of this application. Keys come without values, in no
 * promised order; what is written meanwhile may show or not. Keys of other applications are never
 * shown: a store with keyPrefix `none` shows all it holds.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param prefix   borrowed; may be empty.
 * @param options  borrowed; may be NULL.
 * @param out      given: items have keys; mecha_result_info.page is the next page's token.
 * @return MECHA_OK; MECHA_INVALID_ARGUMENT for a page token of another store or version;
 *         MECHA_UNIMPLEMENTED when the store cannot list; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_list(MECHA_ARGS, mecha_view store, mecha_view prefix,
                                        const mecha_state_list_options* options,
                                        mecha_result** out);

/**
 * Finds values by what their JSON holds, one page at a time.
 *
 * The query is Dapr's, as JSON: `filter` with EQ, NEQ, GT, GTE, LT, LTE, IN, AND and OR, `sort`,
 * and `page` with limit and token; docs/query.md tells it all. Only keys of this application are
 * found; a store with keyPrefix `none` searches all it holds. A page continues by number: what is
 * written meanwhile may be missed or seen twice.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param query    borrowed; at most 64 KiB of JSON.
 * @param options  borrowed; may be NULL.
 * @param out      given: items have key, value, etag, MECHA_ITEM_JSON and expiry;
 *                 mecha_result_info.page is the next page's token.
 * @return MECHA_OK, also when nothing was found; MECHA_INVALID_ARGUMENT for a query that is not
 *         well-formed (the message says where) or a page token of another query;
 *         MECHA_UNIMPLEMENTED when the store cannot search; MECHA_FAILED_PRECONDITION also when its
 *         values are encrypted; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_state_query(MECHA_ARGS, mecha_view store, mecha_view query,
                                         const mecha_state_query_options* options,
                                         mecha_result** out);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_STATE_H */
