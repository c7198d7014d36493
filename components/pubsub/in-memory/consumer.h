// SPDX-License-Identifier: Apache-2.0
// Consumer: what a feed and its topic share: credit, the messages in hand, and who delivers just
// now. At most one thread delivers for a consumer, and all others leave their messages to it; so a
// handler that publishes inside OnDeliveries never comes back into it. Where its handlers have one
// place, it is a thread that takes there; else whoever finds it at rest (a publisher, Request, a
// posted job).
//
// Everything is for the holder of the topic's lock, but what Begin returns: that is done without
// it. The listener is called under no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "contract/executor.h"
#include "contract/pub_sub.h"
#include "open_deliveries.h"

namespace MECHA_COMPONENT {

class Topic;
struct Group;

class Consumer : public std::enable_shared_from_this<Consumer> {
 public:
  Consumer(std::shared_ptr<Topic> topic, Group& group, FeedListener& listener);

  Group& group() { return group_; }
  Topic& topic() { return *topic_; }

  void AddCredit(size_t more) { credit_ += more; }
  // It has credit, used or not by a thread that delivers just now.
  bool IsHungry() const { return credit_ > 0 && !is_stopping_; }
  // It is hungry, and nobody delivers or is about to.
  bool IsWaiting() const { return phase_ == Phase::kAtRest && IsHungry(); }
  // A delivery that has begun: whoever began it goes on with it, without the lock.
  struct Begun {
    std::shared_ptr<Consumer> consumer;
    std::shared_ptr<Executor> handlers;  // who deliver; null: the caller does

    explicit operator bool() const { return consumer != nullptr; }
    void GoOn();
  };

  void DeliverOn(std::shared_ptr<Executor> handlers);
  // Nothing, when there is nothing to deliver.
  Begun Begin();
  // Leaves the delivery to a job.
  void BeginLater();
  std::optional<StoredMessage> Settle(uint64_t number) { return open_.Remove(number); }
  bool IsOpen(uint64_t number) const { return open_.Has(number); }
  // Ends the deliveries. True: none runs. Else the thread that delivers reports to `stopped`, which
  // it takes.
  bool Stop(Settled& stopped);
  std::vector<StoredMessage> GiveUpAll() { return open_.RemoveAll(); }

 private:
  enum class Phase : uint8_t {
    kAtRest,
    kPosted,      // a job will deliver
    kDelivering,  // a thread is in Deliver, or goes there; `batch_` is its own
  };

  bool CanTake() const;
  void Take();
  void Deliver();
  void DeliverPosted();
  // It runs DeliverPosted.
  Job MakeJob();

  const std::shared_ptr<Topic> topic_;
  Group& group_;
  FeedListener& listener_;
  std::shared_ptr<Executor> handlers_;  // until it stops
  size_t credit_ = 0;
  Phase phase_ = Phase::kAtRest;
  bool is_stopping_ = false;
  OpenDeliveries open_;
  Settled stopped_;
  std::vector<Delivery> batch_;
};

}  // namespace MECHA_COMPONENT
