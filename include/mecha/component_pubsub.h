/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file component_pubsub.h
 * What a message broker of a plug-in is asked, and the functions that answer. Included by
 * component.h, which has the rules.
 *
 * A feed is one subscription at the broker. It is made by open_feed, reaches the broker with
 * subscribe, delivers with mecha_host.deliver as many messages as `request` has asked for, and ends
 * with stop and close_feed. The functions of a feed other than subscribe and close_feed never
 * block, whatever the type's `threads` says: they hand the work over, or complete at once.
 *
 * The library does the rest: envelopes, routes, pauses between tries, dead letters, scopes.
 */
#ifndef MECHA_COMPONENT_PUBSUB_H
#define MECHA_COMPONENT_PUBSUB_H

#include "component_store.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One feed, as the library calls it. Never reused; 0 is none. */
typedef uint64_t mecha_feed;

/** One message that is published. Frozen: 104 bytes. */
typedef struct mecha_broker_message {
  mecha_view payload;       /**< what to keep; there, and maybe empty */
  mecha_view content_type;  /**< of the payload; absent: none is known */
  mecha_view key;           /**< those of one key stay in order; absent or empty: none */
  const mecha_kv* metadata; /**< the publisher's, in its order */
  size_t metadata_count;
  int64_t ttl_ms; /**< 0: never expires. Else only with MECHA_CAN_TTL */
  uint64_t reserved[4];
} mecha_broker_message;

/** What is published: one message by `publish`, several by `publish_many`. */
typedef struct mecha_broker_publish {
  uint32_t struct_size;
  uint32_t reserved;
  const mecha_task_info* info;
  mecha_view topic; /**< complete: the namespace is in it */
  const mecha_broker_message* messages;
  size_t message_count;
} mecha_broker_publish;

/** Which feed is opened. */
typedef struct mecha_feed_request {
  uint32_t struct_size;
  uint32_t reserved;
  mecha_feed feed;          /**< for mecha_host.deliver and feed_health */
  mecha_view topic;         /**< complete */
  mecha_view group;         /**< competing consumers share it: each message goes to one of them */
  mecha_view consumer;      /**< this feed among them; no other one has this name */
  const mecha_kv* metadata; /**< the subscription's */
  size_t metadata_count;
} mecha_feed_request;

/** One message that the broker hands out. Frozen: 144 bytes. */
typedef struct mecha_delivery {
  uint64_t number;  /**< names it in its feed; larger than those of all deliveries before */
  uint32_t attempt; /**< how often the broker has handed it out, to anybody, this time included and
                         unseen returns taken off; 0: it does not count */
  uint32_t reserved0;
  mecha_view payload;
  mecha_view content_type; /**< of the payload; absent: the broker carries none */
  mecha_view id;           /**< the broker's; absent: it has none */
  mecha_view key;
  const mecha_kv* metadata; /**< the publisher's, and what the broker says besides */
  size_t metadata_count;
  int64_t enqueued_unix_ms; /**< when the broker took it; 0: it cannot tell */
  int64_t held_since_ns;    /**< of steady_ns: not after the moment at which the lease began, so
                                 when the read was sent. 0: not known, or there is no lease */
  uint64_t reserved[4];
} mecha_delivery;

/** What becomes of a delivery. */
enum {
  MECHA_SETTLE_DONE = 1,  /**< the broker forgets it for this group */
  MECHA_SETTLE_RETURN = 2 /**< anybody of the group may have it, `delay_ns` from now */
};

/** Flags of mecha_feed_settle. */
enum {
  MECHA_SETTLE_UNSEEN = 1u << 0 /**< of a return, without delay: no handler has had the message
                                   since it was delivered. Who counts takes that delivery off again:
                                     the next one has the same `attempt` */
};

/** The end of one delivery. */
typedef struct mecha_feed_settle {
  uint32_t struct_size;
  uint32_t kind;    /**< MECHA_SETTLE_DONE or MECHA_SETTLE_RETURN */
  uint64_t number;  /**< of the delivery */
  int64_t delay_ns; /**< of a return. Above 0 only with MECHA_CAN_DELAY */
  uint32_t flags;   /**< MECHA_SETTLE_UNSEEN */
  uint32_t reserved;
} mecha_feed_settle;

/** Whose leases are renewed. */
typedef struct mecha_feed_renew {
  uint32_t struct_size;
  uint32_t reserved;
  const uint64_t* numbers;
  size_t number_count;
} mecha_feed_renew;

/** What a message broker does. NULL functions are done without, as each says. */
typedef struct mecha_pubsub_functions {
  uint32_t struct_size;
  uint32_t reserved;

  /**
   * Publishes one message. One item: `etag` is the broker's own id, with MECHA_HAS_BROKER_ID.
   *
   * When the message was sent and the answer lost: MECHA_UNAVAILABLE with MECHA_APPLIED_MAYBE.
   * Never send it again.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*publish)(void* self, mecha_task task, const mecha_broker_publish* request);

  /**
   * Publishes several independent messages, in order. One item for each, in order. NULL: the
   * library calls publish for each.
   *
   * @param self     from create.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks as the type's `threads` says.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*publish_many)(void* self, mecha_task task, const mecha_broker_publish* request);

  /**
   * Makes a feed: memory only.
   *
   * @param self     from create.
   * @param request  borrowed until the function returns.
   * @return what the other functions of the feed get; NULL when there is no memory.
   * @blocks no.
   * @thread any, many at once.
   * @since 0.1
   */
  void* (*open_feed)(void* self, const mecha_feed_request* request);

  /**
   * Reaches the broker. No items. MECHA_OK when the subscription exists: what is published
   * afterwards comes. After a failure close_feed follows. Nothing is delivered before `request`.
   *
   * @param feed  borrowed; from open_feed.
   * @param task  complete it once.
   * @blocks as the type's `threads` says.
   * @thread any.
   * @since 0.1
   */
  void (*subscribe)(void* feed, mecha_task task);

  /**
   * Tells how long the broker leaves a delivery alone since it was made or renewed. Asked once,
   * after subscribe. NULL, or 0: for as long as this process lives.
   *
   * @param feed  borrowed; from open_feed.
   * @return nanoseconds.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  int64_t (*lease_ns)(void* feed);

  /**
   * Adds to what may be delivered. Who gets no more requests delivers no more: that is a pause.
   *
   * @param feed  borrowed; from open_feed.
   * @param more  so many more messages; at least 1.
   * @blocks no.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*request)(void* feed, uint64_t more);

  /**
   * Ends a delivery. No items. MECHA_NOT_FOUND: its lease was lost, or it is none of this feed's.
   * MECHA_UNAVAILABLE: the broker did not take it; it is tried again, or the message comes again.
   *
   * @param feed     borrowed; from open_feed.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks no.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*settle)(void* feed, mecha_task task, const mecha_feed_settle* request);

  /**
   * Renews leases. One item for each, in order: MECHA_OK, or MECHA_NOT_FOUND when it was lost to
   * others. Must be there with lease_ns.
   *
   * @param feed     borrowed; from open_feed.
   * @param task     complete it once.
   * @param request  borrowed until the function returns.
   * @blocks no.
   * @thread any, many at once.
   * @since 0.1
   */
  void (*renew)(void* feed, mecha_task task, const mecha_feed_renew* request);

  /**
   * Ends the deliveries. No items. What was taken from the broker and not delivered goes back; what
   * was delivered can still be settled. From now on mecha_host.deliver is MECHA_GONE; after the
   * task was completed it is not called.
   *
   * @param feed  borrowed; from open_feed.
   * @param task  complete it once.
   * @blocks no.
   * @thread any.
   * @since 0.1
   */
  void (*stop)(void* feed, mecha_task task);

  /**
   * Ends the feed and frees it, also when it never reached the broker, or its stop was not
   * completed. What is not settled goes back to the group, or comes again when its lease has ended.
   *
   * Tasks may be open whose calls have ended: complete them here or later. Threads that deliver to
   * this feed have left it when this returns.
   *
   * @param feed  taken.
   * @blocks it may; as shortly as possible.
   * @thread any.
   * @since 0.1
   */
  void (*close_feed)(void* feed);
} mecha_pubsub_functions;

#ifdef __cplusplus
}
#endif

#endif /* MECHA_COMPONENT_PUBSUB_H */
