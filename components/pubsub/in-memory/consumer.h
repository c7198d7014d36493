// SPDX-License-Identifier: Apache-2.0
// Consumer: what a feed and its topic share: credit, the messages in hand, and who delivers just
// now. At most one thread delivers for a consumer: whoever finds it at rest (a publisher, Request,
// a posted job) goes on until nothing is left, and all others leave their messages to it. So a
// handler that publishes inside OnDeliveries never comes back into it.
//
// Everything but Deliver is for the holder of the topic's lock; Deliver for whoever Begin or
// BeginPosted told to call it, without the lock. The listener is called under no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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
  // Takes messages; true: the caller lets go of the lock and calls Deliver.
  bool Begin();
  // Leaves the delivery to a job on an I/O thread.
  void BeginLater();
  std::optional<StoredMessage> Settle(uint64_t number) { return open_.Remove(number); }
  bool IsOpen(uint64_t number) const { return open_.Has(number); }
  // Ends the deliveries. True: none runs. Else the thread that delivers reports to `stopped`, which
  // it takes.
  bool Stop(Settled& stopped);
  std::vector<StoredMessage> GiveUpAll() { return open_.RemoveAll(); }

  void Deliver();

 private:
  enum class Phase : uint8_t {
    kAtRest,
    kPosted,      // a job will deliver
    kDelivering,  // a thread is in Deliver, or goes there; `batch_` is its own
  };

  bool CanTake() const;
  void Take();

  const std::shared_ptr<Topic> topic_;
  Group& group_;
  FeedListener& listener_;
  size_t credit_ = 0;
  Phase phase_ = Phase::kAtRest;
  bool is_stopping_ = false;
  OpenDeliveries open_;
  Settled stopped_;
  std::vector<Delivery> batch_;
};

}  // namespace MECHA_COMPONENT
