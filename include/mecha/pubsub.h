/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pubsub.h
 * Publish messages to a topic of a pubsub component. serve.h receives them.
 *
 * Delivery is at least once. Unless MECHA_MESSAGE_RAW is set a message travels in a CloudEvents 1.0
 * envelope; docs/cloud_events.md says what is in it.
 */
#ifndef MECHA_PUBSUB_H
#define MECHA_PUBSUB_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of mecha_message. */
enum {
  MECHA_MESSAGE_RAW = 1u << 0 /**< no envelope: the bytes go to the broker as they are */
};

/** One message. Frozen: 128 bytes. */
typedef struct mecha_message {
  mecha_buf data;
  mecha_view content_type; /**< absent: text/plain. application/cloudevents+json: `data` is the
                                envelope */
  mecha_view id;           /**< absent: metadata cloudevent.id, or a new UUID */
  mecha_view key;          /**< ordering key; absent: metadata partitionKey, or none */
  const mecha_kv*
      metadata; /**< cloudevent.* overrides, ttlInSeconds, rawPayload, the broker's own */
  size_t metadata_count;
  int64_t ttl_ms; /**< 0 = never expires, or what the metadata says; else at least 1 */
  uint32_t flags; /**< MECHA_MESSAGE_* */
  uint32_t reserved0;
  uint64_t reserved[2];
} mecha_message;

/** Options of mecha_publish. */
typedef struct mecha_publish_options {
  uint32_t struct_size;
  uint32_t reserved;
} mecha_publish_options;

/**
 * Publishes one or several messages to a topic.
 *
 * Several are independent: some may fail, and then the whole is MECHA_PARTIAL. Item i of the result
 * belongs to message i: its key is the message id, its etag the broker's own id where it has one.
 * call.metadata is merged under each message's metadata.
 *
 * @param rt        borrowed.
 * @param call      how to run it; NULL blocks.
 * @param pubsub    borrowed; the component's name.
 * @param topic     borrowed.
 * @param messages  borrowed; their data as mecha_buf says.
 * @param count     how many; at least 1.
 * @param options   borrowed; may be NULL.
 * @param out       given; may be NULL.
 * @return MECHA_OK when the broker has them; MECHA_PENDING; MECHA_PARTIAL; MECHA_NOT_FOUND for an
 *         unknown component; MECHA_PERMISSION_DENIED for a topic out of scope;
 *         MECHA_INVALID_ARGUMENT for an empty topic, a broken envelope or metadata;
 *         MECHA_OUT_OF_RANGE for a message over the limit; MECHA_UNIMPLEMENTED for a raw message
 *         with a TTL where the broker knows none; MECHA_RESOURCE_EXHAUSTED when the broker has no
 *         room; MECHA_UNAVAILABLE, perhaps with
 *         MECHA_RESULT_MAYBE_APPLIED; MECHA_DEADLINE_EXCEEDED; MECHA_CANCELLED; MECHA_CLOSED;
 *         MECHA_SUSPENDED; MECHA_FORKED; MECHA_BUSY; MECHA_VERSION; MECHA_REENTRANT.
 * @blocks without a queue in `call`, until the broker has answered.
 * @thread any.
 * @since 0.1
 */
MECHA_API mecha_status mecha_publish(MECHA_ARGS, mecha_view pubsub, mecha_view topic,
                                     const mecha_message* messages, size_t count,
                                     const mecha_publish_options* options, mecha_result** out);

#ifdef __cplusplus
}
#endif

#endif /* MECHA_PUBSUB_H */
