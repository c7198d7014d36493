/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file secretstores.h
 * Secrets from the stores that the resources name.
 *
 * A secret is a map of keys to values; most have one key, equal to their name. Which secrets this
 * application may read is limited by Configuration documents (spec.secrets.scopes).
 *
 * Each operation here, besides the statuses it names, may return: MECHA_PENDING with a queue;
 * MECHA_NOT_FOUND with an error for an unknown store; MECHA_INVALID_ARGUMENT;
 * MECHA_PERMISSION_DENIED; MECHA_DEADLINE_EXCEEDED; MECHA_CANCELLED; MECHA_UNAVAILABLE;
 * MECHA_FAILED_PRECONDITION; MECHA_INTERNAL; MECHA_BUSY; MECHA_CLOSED; MECHA_SUSPENDED;
 * MECHA_FORKED; MECHA_REENTRANT; MECHA_VERSION; MECHA_GONE; MECHA_NO_MEMORY.
 */
#ifndef MECHA_SECRETSTORES_H
#define MECHA_SECRETSTORES_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How to read a secret. */
typedef struct mecha_secret_get_options {
  uint32_t struct_size;
  uint32_t reserved;
} mecha_secret_get_options;

/** How to list secrets. */
typedef struct mecha_secret_list_options {
  uint32_t struct_size;
  uint32_t reserved;
} mecha_secret_list_options;

/**
 * Reads one secret: an item per key, `group` = the secret's name.
 *
 * The values are wiped when the result is freed.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param name     borrowed; the secret's name. Empty is MECHA_INVALID_ARGUMENT, never "all".
 * @param options  borrowed; may be NULL.
 * @param out      given; may be NULL.
 * @return MECHA_OK; MECHA_NOT_FOUND without an error for an absent secret;
 *         MECHA_PERMISSION_DENIED for one out of scope; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_secret_get(MECHA_ARGS, mecha_view store, mecha_view name,
                                        const mecha_secret_get_options* options,
                                        mecha_result** out);

/**
 * Reads every secret this application may see: an item per key, `group` = its secret's name.
 *
 * Secrets out of scope are left out silently.
 *
 * @param rt       borrowed.
 * @param call     borrowed; NULL blocks with the defaults.
 * @param store    borrowed; the component's name.
 * @param options  borrowed; may be NULL.
 * @param out      given; may be NULL.
 * @return MECHA_OK; what the head of this file lists.
 * @blocks unless the call has a queue.
 * @thread any, except the runtime's own when it blocks.
 * @since 0.1
 */
MECHA_API mecha_status mecha_secret_list(MECHA_ARGS, mecha_view store,
                                         const mecha_secret_list_options* options,
                                         mecha_result** out);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_SECRETSTORES_H */
