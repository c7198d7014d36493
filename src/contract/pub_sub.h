// SPDX-License-Identifier: Apache-2.0
// PubSub: what a message broker component implements. Topics arrive complete (namespace included)
// and payloads encoded; envelopes, routing, scopes, retries, dead letters and metrics belong to the
// block, never to a component.
//
// Threads: every operation may be called from any thread, many at once, after Init returned OK and
// before Close. Callbacks run exactly once, possibly inside the call, under no lock of the
// component's. Views in a request stay valid until its callback has run. A component never retries
// a publish by itself; it reports UNAVAILABLE, marked kMaybe (result/status.h) when it was sent and
// its outcome is unknown.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/call_context.h"
#include "contract/component.h"
#include "result/buffer.h"
#include "result/done.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

struct CloudEvent;  // contract/cloud_event.h
class Executor;     // contract/executor.h

struct OutgoingMessage {
  // The bytes to keep. Empty when `event` is set.
  std::string_view payload;
  // Only to components with the capability `keeps_events`: the envelope itself, never encoded.
  std::shared_ptr<const CloudEvent> event;
  std::string_view content_type;  // of the payload; where the broker can carry one
  std::string_view key;           // messages of one key stay in order, where the broker can
  Metadata metadata;              // of the publisher, in its order
  // Only to components with the capability `ttl`; at least 1 ms.
  std::optional<std::chrono::milliseconds> ttl;
  // When its publisher handed it over; absent: just now.
  std::optional<WallTime> accepted;
};

// What a broker tells of a message it took; its own id for it, empty where it has none.
using PublishOutcome = StatusOr<std::string>;

// One message in this process's hands. It stays there until it is settled or the lease ends.
struct Delivery {
  uint64_t number = 0;  // names it in its feed; never 0, never used again
  Buffer payload;
  std::shared_ptr<const CloudEvent> event;  // instead of a payload, with `keeps_events`
  std::vector<std::pair<std::string, std::string>> metadata;  // keys in lower case
  std::string id;                                             // the broker's
  std::string key;
  std::string content_type;  // of the payload; empty where the broker carries none
  // How often the broker has handed it out, to anybody, this time included and unseen returns taken
  // off; at least 1.
  uint32_t attempt = 1;
  std::optional<WallTime> enqueued;
  // A moment not after the one at which the broker began to count the lease: when the read was
  // sent. Unused where there is no lease.
  SteadyTime held_since{};
};

// The end of a delivery.
struct Settlement {
  enum class Kind : uint8_t {
    kDone,    // handled, or stored elsewhere durably: the broker forgets it for this group
    kReturn,  // given back: anybody of the group may have it, `delay` from now
  };
  uint64_t number = 0;
  Kind kind = Kind::kDone;
  // Of kReturn. Zero unless the component's capability `delayed_return` is native: otherwise the
  // block keeps the message in hand for that time.
  Duration delay{0};
  // Of kReturn: no handler has had it since it was delivered, so that this delivery is no attempt.
  // Where `attempts` is native the broker counts it as if it had not been; the delay is zero.
  bool is_unseen = false;
};

// Told of messages. The block implements it; it outlives the feed.
class FeedListener {
 public:
  virtual ~FeedListener() = default;
  // No more than were requested. Never two calls at a time for one feed; may come inside Request.
  // The listener may move from the deliveries.
  virtual void OnDeliveries(std::span<Delivery> deliveries) = 0;
  // OK when messages come again, else why none come. A feed mends itself, with growing pauses, and
  // says each change once; it does not log besides.
  virtual void OnHealth(const Status& health) = 0;
};

// One subscription at the broker. Its functions may be called from any thread, also inside
// OnDeliveries.
class Feed {
 public:
  // After Stop has reported. Messages not settled by then are given back, or come again when their
  // lease has ended. Callbacks still outstanding run before it returns.
  virtual ~Feed() = default;

  // Where all of its messages are handled; null: there is no one such place. A broker within this
  // process delivers there, so that no publisher does a handler's work. The others take no notice.
  virtual void DeliverOn(std::shared_ptr<Executor> /*handlers*/) {}
  // Adds to what may be delivered: so many more messages.
  virtual void Request(size_t more) = 0;
  // Ends a delivery. A number whose lease was lost is NOT_FOUND. UNAVAILABLE: the broker did not
  // take it, and the message may come again.
  virtual void Settle(const Settlement& settlement, Settled done) = 0;
  // Several at once, told together: false when this feed only takes them one by one, and then
  // `done` is left alone.
  virtual bool SettleMany(std::span<const Settlement> /*settlements*/,
                          Done<std::vector<Status>>& /*done*/) {
    return false;
  }
  // Renews the leases of these deliveries; reports the numbers that were lost to others. An error:
  // it could not be done, and the leases run on from the last time.
  virtual void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) = 0;
  // How long the broker leaves a delivery alone since it was made or renewed. Zero: for as long as
  // this process lives; then Renew is never called.
  virtual Duration lease() const = 0;
  // Ends the deliveries: what was taken from the broker and not delivered goes back. What was
  // delivered can still be settled. After `stopped` has run OnDeliveries will not.
  virtual void Stop(Settled stopped) = 0;
};

struct SubscribeRequest {
  std::string_view topic;
  std::string_view group;     // competing consumers share it: each message goes to one of them
  std::string_view consumer;  // this feed among them; no other one has this name
  Metadata metadata;          // of the subscription
};

class PubSub : public Component {
 public:
  virtual void Publish(const CallContext& call, std::string_view topic,
                       const OutgoingMessage& message, Done<std::string> done) = 0;
  // Independent messages, one outcome each, in order. The whole fails only when none could be
  // tried.
  virtual void PublishMany(const CallContext& call, std::string_view topic,
                           std::span<const OutgoingMessage> messages,
                           Done<std::vector<PublishOutcome>> done) = 0;
  // Reports once the subscription exists at the broker: what is published afterwards comes. The
  // views in `request` are copied where they are kept. Delivers nothing before Feed::Request.
  // `call` is a blocking one (may_block). Feeds are destroyed before Suspend and Close.
  virtual StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call,
                                                    const SubscribeRequest& request,
                                                    FeedListener& listener) = 0;
};

}  // namespace mecha
