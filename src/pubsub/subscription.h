// SPDX-License-Identifier: Apache-2.0
// Subscription: one topic's messages on their way from the broker to handlers and back: envelope,
// age, route, lease, retries, dead letters. It takes no more than its handlers have room for.
//
// A message is in hand from its delivery until the broker has taken its settlement, or its lease is
// lost. Safe from any thread; the feed and the registrations are called without its lock.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/runtime_host.h"
#include "call/deadline.h"
#include "call/short_mutex.h"
#include "contract/executor.h"
#include "inbound/message.h"
#include "inbound/registration.h"
#include "pubsub/held_message.h"
#include "pubsub/pubsub_block.h"
#include "pubsub/topic_router.h"
#include "resources/subscription_document.h"
#include "result/block_pool.h"
#include "result/status.h"

namespace mecha {

class Subscription final : public MessageSource,
                           public FeedListener,
                           public std::enable_shared_from_this<Subscription> {
 public:
  // Who handles a path now; null: nobody.
  using FindHandler = std::function<std::shared_ptr<Registration>(std::string_view path)>;
  // What became of its messages so far.
  struct Tally {
    uint64_t received = 0;
    uint64_t handled = 0;
    uint64_t retried = 0;
    uint64_t dead_lettered = 0;
    uint64_t dropped = 0;  // by verdict, by age, or because no route took them
    uint64_t malformed = 0;
    uint64_t lost = 0;  // their lease
  };

  struct Way {
    PubSubBlock& block;  // outlives every call but the readers of names
    SubscriptionSpec spec;
    std::string name;  // empty for a TOPIC's
    TopicRouter router;
    FindHandler find_handler;
  };

  Subscription(Way way, std::shared_ptr<RuntimeHost> host);
  ~Subscription() override;

  // Subscribes at the broker; takes nothing before SetWindow. Blocks (may_block).
  Status Start(const CallContext& call);
  // How many messages may be with handlers, or waiting for them. 0 pauses. `handlers`: where all of
  // them are taken; null: in several places.
  void SetWindow(size_t window, std::shared_ptr<Executor> handlers = nullptr);

  // The end, in this order. Nothing new comes and what no handler has goes back:
  void BeginStop();
  // Waits until no handler has a message. False at the deadline.
  bool AwaitHandlers(Deadline deadline);
  // What handlers still have goes back; their replies are GONE.
  void Abandon();
  // Waits until the broker has taken every settlement. False at the deadline: then those messages
  // come again.
  bool AwaitSettled(Deadline deadline);
  // Ends the feed, and whatever is still under way with it: no message is with a handler then, and
  // late replies are GONE. Start may be called again.
  void Close();

  const SubscriptionSpec& spec() const { return spec_; }
  const TopicRouter& router() const { return router_; }
  PubSubBlock& block() { return block_; }
  bool is_live() const;
  // OK, or why no messages come.
  Status health() const;
  Tally tally() const;

  const Names& names() const override { return names_; }
  Duration lease() const override { return lease_.load(std::memory_order_relaxed); }
  bool Holds(const Message& message) const override;
  Then OnAnswer(const MessagePtr& message, const Answer& answer) override;
  void OnHandled(std::span<const Offered> messages) override;

 private:
  void OnDeliveries(std::span<Delivery> deliveries) override;
  void OnHealth(const Status& health) override;

  // Keeps the feed from being destroyed while one of its functions is called.
  class FeedUse {
   public:
    explicit FeedUse(Subscription& subscription);
    // By who holds the lock already. It is destroyed without it.
    FeedUse(Subscription& subscription, const std::lock_guard<ShortMutex>& held);
    ~FeedUse();
    FeedUse(const FeedUse&) = delete;
    FeedUse& operator=(const FeedUse&) = delete;

    bool is_closed() const { return feed_ == nullptr; }
    Feed* operator->() const { return feed_; }

   private:
    Subscription& subscription_;
    Feed* feed_ = nullptr;
  };

  // What is to become of a message that has come.
  enum class Fate : uint8_t { kOffer, kReturn, kDrop, kMalformed, kGone };
  struct Arrival {
    HeldPtr message;  // moved into `offered` when it is offered
    Fate fate = Fate::kOffer;
    Status fault;                           // of kMalformed
    std::shared_ptr<Registration> handler;  // of kOffer, as is the next one
    Offered offered;
  };

  // Arrival (subscription_arrival.cc).
  HeldPtr TakeIn(Delivery& delivery, const std::shared_ptr<MessageSource>& self);
  void Arrive(const HeldPtr& message);
  void Route(Arrival& arrival) const;
  bool IsTooOld(const CloudEvent& event) const;
  Status ReadEnvelope(HeldMessage& message) const;
  void NoteDeliveredLocked(std::span<const Arrival> arrivals);
  void SettleFatesLocked(std::span<Arrival> arrivals);
  void HandOver(std::span<Arrival> arrivals);
  void Turn(const Arrival& arrival);
  void ConfirmLeases(const std::vector<Arrival>& arrivals);
  void OnMalformed(const HeldPtr& message, const Status& why);

  // Leases (subscription_lease.cc).
  void ArmRenewal();
  void RenewAll();
  void Renew(const std::vector<HeldPtr>& messages, std::function<void(bool)> then);
  void Lose(const HeldPtr& message);
  HeldMessage::Phase RemoveUnlessWithHandler(const HeldPtr& message);

  // Ends (subscription_end.cc).
  Then Retry(const HeldPtr& message, const Answer& answer);
  bool Pause(const HeldPtr& message, Duration pause);
  void OfferAgain(const HeldPtr& message);
  void Drop(const HeldPtr& message);
  void SendToDeadLetters(const HeldPtr& message);
  void Forward(const HeldPtr& message);
  // Counts it as `what` besides.
  void Settle(const HeldPtr& message, const Settlement& settlement,
              uint64_t Tally::*what = nullptr);
  void SendSettlement(const HeldPtr& message);
  static void SettleThrough(const FeedUse& feed, const HeldPtr& message);
  void SettleAllThrough(const FeedUse& feed, std::vector<HeldPtr> messages);
  void OnSettled(const HeldPtr& message, const Status& status);
  void OnAllSettled(std::span<const HeldPtr> messages, std::span<const Status> statuses);
  bool IsOver(const HeldMessage& message, const Status& status) const;
  void TryAgainLater(const HeldPtr& message, void (Subscription::*what)(const HeldPtr&));
  bool Forget(const HeldPtr& message);
  bool RemoveLocked(HeldMessage& message);
  void AfterRemoval(const HeldMessage& message, HeldMessage::Phase phase);

  std::string UnconfirmedLocked() const;
  std::vector<HeldPtr> Left() const;
  void StopForwarding();
  bool is_open() const;
  bool MovesTo(HeldMessage& message, HeldMessage::Phase phase);
  void MoveLocked(HeldMessage& message, HeldMessage::Phase phase);
  Offered OfferOf(const HeldPtr& message);
  Offered OfferOfLocked(HeldPtr message);
  Duration PauseBefore(uint32_t attempt) const;
  bool HasDeadLetters() const { return !spec_.dead_letter_topic.empty(); }
  void TopUp();
  size_t TakeWishLocked();
  void EndCallLocked();
  void CancelTimerLocked(HeldMessage& message);
  size_t CountLocked(HeldMessage::Phase phase) const { return counts_[static_cast<size_t>(phase)]; }
  template <class IsQuiet>
  bool Await(Deadline deadline, IsQuiet is_quiet);
  std::set<std::shared_ptr<Registration>> Handlers() const;
  uint64_t Count(uint64_t Tally::*what);
  // Calls of the feed that have not reported.
  void BeginCall();
  void EndCall();
  SteadyTime Now() const { return host_->clock().Now(); }

  PubSubBlock& block_;
  const SubscriptionSpec spec_;
  const Names names_;
  const TopicRouter router_;
  const FindHandler find_handler_;
  const std::shared_ptr<RuntimeHost> host_;
  const bool broker_delays_;
  const BlockPool::Ptr pool_ = BlockPool::Create();  // of messages in hand

  mutable ShortMutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Feed> feed_;
  std::atomic<Duration> lease_{Duration::zero()};
  HeldList held_;
  size_t counts_[4] = {};  // of each phase
  size_t window_ = 0;
  size_t requested_ = 0;         // of the feed, and not delivered yet
  size_t calls_ = 0;             // of the feed, that have not reported
  std::atomic<size_t> uses_{0};  // of the feed, just now; grows under the lock
  std::atomic<bool> is_stopping_{false};
  bool is_feed_stopped_ = false;
  uint64_t feeds_ = 0;  // so far: tells the end of a stop that its feed has gone meanwhile
  uint64_t renewal_timer_ = 0;
  Status health_;
  Tally tally_;
};

}  // namespace mecha
