// SPDX-License-Identifier: Apache-2.0
#include "consumer.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "topic.h"

namespace MECHA_COMPONENT {
namespace {

// In one call of the listener: more save nothing.
constexpr size_t kMostAtOnce = 256;
// The same, for handlers that deliver to themselves: they shall find the messages in their caches.
constexpr size_t kMostWithHandlers = 64;
// How often one thread calls the listener before it leaves the rest to an I/O thread: a publisher
// shall not deliver for ever what others publish.
constexpr int kMostRounds = 32;

}  // namespace

Consumer::Consumer(std::shared_ptr<Topic> topic, Group& group, FeedListener& listener)
    : topic_(std::move(topic)), group_(group), listener_(listener) {}

bool Consumer::CanTake() const {
  if (!IsHungry() || open_.size() == OpenDeliveries::kMost) {
    return false;
  }
  topic_->ReleaseDue(group_);
  return group_.waiting.ready() > 0;
}

void Consumer::Begun::GoOn() {
  if (handlers == nullptr) {
    consumer->Deliver();
  } else {
    handlers->Post(consumer->MakeJob());
  }
}

// A job that waits at the place before does no harm: whichever comes first delivers.
void Consumer::DeliverOn(std::shared_ptr<Executor> handlers) {
  if (handlers_ == handlers) {
    return;
  }
  handlers_ = is_stopping_ ? nullptr : std::move(handlers);
  if (phase_ == Phase::kPosted) {
    BeginLater();
  }
}

Consumer::Begun Consumer::Begin() {
  if (!CanTake()) {
    return {};
  }
  if (handlers_ != nullptr) {
    phase_ = Phase::kPosted;
  } else {
    phase_ = Phase::kDelivering;
    Take();
  }
  return {shared_from_this(), handlers_};
}

void Consumer::BeginLater() {
  phase_ = Phase::kPosted;
  if (handlers_ != nullptr) {
    handlers_->Post(MakeJob());
  } else {
    topic_->host().Post(MakeJob());
  }
}

Job Consumer::MakeJob() {
  return [self = shared_from_this()] { self->DeliverPosted(); };
}

void Consumer::DeliverPosted() {
  {
    const std::lock_guard lock(topic_->mutex());
    if (phase_ != Phase::kPosted) {
      return;  // stopped, or done with and posted again
    }
    if (!CanTake()) {
      phase_ = Phase::kAtRest;
      topic_->ArmTimer(group_);
      return;
    }
    phase_ = Phase::kDelivering;
    Take();
  }
  Deliver();
}

// Leaves a share to each of the others that wait.
void Consumer::Take() {
  const size_t takers =
      1 + std::count_if(group_.consumers.begin(), group_.consumers.end(),
                        [this](const Consumer* one) { return one != this && one->IsWaiting(); });
  const size_t share = (group_.waiting.ready() + takers - 1) / takers;
  const size_t count =
      std::min({credit_, share, handlers_ == nullptr ? kMostAtOnce : kMostWithHandlers,
                OpenDeliveries::kMost - open_.size()});
  credit_ -= count;
  group_.open += count;
  for (size_t i = 0; i < count; ++i) {
    group_.waiting.Prefetch();
    StoredMessage message = group_.waiting.Take();
    ++message.attempt;
    const uint64_t number = open_.Add(std::move(message));
    batch_.push_back(DeliveryOf(open_.at(number), number));
  }
}

void Consumer::Deliver() {
  Settled stopped;
  for (int round = 1;; ++round) {
    listener_.OnDeliveries(batch_);
    batch_.clear();
    const std::lock_guard lock(topic_->mutex());
    if (CanTake() && round < kMostRounds && handlers_ == nullptr) {
      Take();
      continue;
    }
    if (CanTake()) {
      BeginLater();
      return;
    }
    phase_ = Phase::kAtRest;
    topic_->ArmTimer(group_);
    topic_->WakeLater(group_);
    stopped = std::move(stopped_);
    break;
  }
  // From here on the feed may be gone.
  if (stopped) {
    std::move(stopped)(OkStatus());
  }
}

bool Consumer::Stop(Settled& stopped) {
  is_stopping_ = true;
  handlers_.reset();  // which has jobs of this consumer
  if (phase_ == Phase::kDelivering) {
    stopped_ = std::move(stopped);
    return false;
  }
  phase_ = Phase::kAtRest;
  return true;
}

}  // namespace MECHA_COMPONENT
