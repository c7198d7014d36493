/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file result.h
 * Reading what an operation returned, and why it failed.
 *
 * A result does not depend on the runtime it came from. Every view it hands out lives as long as
 * the result does. Reading one from several threads is safe.
 */
#ifndef MECHA_RESULT_H
#define MECHA_RESULT_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** As an index of mecha_result_error: the operation as a whole. */
#define MECHA_RESULT_WHOLE ((size_t)-1)

/** Whether trying again can help; see mecha_error_retryable(). */
enum {
  MECHA_RETRYABLE_NO = 0,
  MECHA_RETRYABLE_SAFE = 1,              /**< nothing was changed; trying again is safe */
  MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT = 2 /**< it may have been applied already */
};

/** Which metadata mecha_result_metadata reads. */
enum {
  MECHA_METADATA_HEADERS = 0,
  MECHA_METADATA_TRAILERS = 1 /**< reserved */
};

/**
 * Describes a result.
 *
 * @param result  borrowed.
 * @param info    borrowed; `struct_size` is the caller's sizeof, the rest is written.
 * @return MECHA_OK; MECHA_INVALID_ARGUMENT for NULL or a struct_size of 0.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_result_read(const mecha_result* result, mecha_result_info* info);

/**
 * Reads one item.
 *
 * A failed item has its status and its key; everything else is absent.
 *
 * @param result  borrowed.
 * @param index   from 0 to the result's count.
 * @param item    borrowed; `struct_size` is the caller's sizeof, the rest is written. Its views
 * live as long as the result.
 * @return MECHA_OK; MECHA_OUT_OF_RANGE past the last item; MECHA_INVALID_ARGUMENT for NULL or a
 *         struct_size of 0.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_result_item(const mecha_result* result, size_t index,
                                         mecha_item* item);

/**
 * Tells why an operation, or one of its items, failed.
 *
 * An absent key has no error: MECHA_NOT_FOUND says it all.
 *
 * @param result  borrowed.
 * @param index   an item, or MECHA_RESULT_WHOLE.
 * @return an error that lives as long as the result and must not be freed; NULL when there is none.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API const mecha_error* mecha_result_error(const mecha_result* result, size_t index);

/**
 * Reads one metadata entry of the result.
 *
 * Keys are lower-case, in order, and may repeat.
 *
 * @param result  borrowed.
 * @param kind    MECHA_METADATA_HEADERS or MECHA_METADATA_TRAILERS.
 * @param index   from 0.
 * @param entry   borrowed; written. Its views live as long as the result.
 * @return MECHA_OK; MECHA_OUT_OF_RANGE past the last entry; MECHA_INVALID_ARGUMENT for NULL or an
 *         unknown kind.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_result_metadata(const mecha_result* result, uint32_t kind,
                                             size_t index, mecha_kv* entry);

/**
 * Adds a reference, so that another owner may release the result later.
 *
 * @param result  borrowed; NULL is allowed.
 * @return `result`.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_result* mecha_result_retain(mecha_result* result);

/**
 * Drops a reference; the last one frees the result and everything read from it.
 *
 * @param result  taken; NULL does nothing.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API void mecha_result_release(mecha_result* result);

/**
 * Tells the status an error stands for.
 *
 * @param error  borrowed; NULL reads as success.
 * @return the status; MECHA_OK for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_error_status(const mecha_error* error);

/**
 * Tells what failed, where, and what to do next, in one line for a person.
 *
 * The wording may change between releases; do not compare it. It never holds a secret.
 *
 * @param error  borrowed; NULL is allowed.
 * @return text terminated by NUL that lives as long as the error; "" for NULL.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API const char* mecha_error_message(const mecha_error* error);

/**
 * Reads one named part of an error.
 *
 * Known names: `component` (its name), `type`, `operation`, `applied` (no, maybe, yes), `file`,
 * `line`, `cause` (the component's own words), `max_ops`, `index`. More may come.
 *
 * @param error  borrowed; NULL is allowed.
 * @param name   borrowed; terminated by NUL.
 * @return the part, alive as long as the error; absent (NULL data) when there is none.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_view mecha_error_detail(const mecha_error* error, const char* name);

/**
 * Tells whether trying again can help.
 *
 * @param error  borrowed; NULL is allowed.
 * @return MECHA_RETRYABLE_NO, MECHA_RETRYABLE_SAFE or MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API int32_t mecha_error_retryable(const mecha_error* error);

/**
 * Frees an error that a function handed out by itself (mecha_runtime_open, mecha_runtime_start).
 *
 * Errors read from a result belong to it and are not freed.
 *
 * @param error  taken; NULL does nothing.
 * @blocks no.
 * @thread any.
 * @since 0.1
 */
MECHA_API void mecha_error_free(mecha_error* error);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_RESULT_H */
