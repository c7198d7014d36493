// SPDX-License-Identifier: Apache-2.0
// Subscription: keeps what is in hand from others. A lease is renewed at a third of its time; at
// two thirds without success the message is given up, so that nobody has it twice.
#include <algorithm>
#include <utility>

#include "pubsub/subscription.h"
#include "result/status_or.h"

namespace mecha {

bool Subscription::Holds(const Message& message) const {
  const SteadyTime renewed_at =
      static_cast<const HeldMessage&>(message).renewed_at.load(std::memory_order_acquire);
  if (renewed_at == HeldMessage::kNotHeld) {
    return false;
  }
  return lease() == Duration::zero() || Now() - renewed_at < lease() / 3 * 2;
}

void Subscription::ArmRenewal() {
  if (lease() == Duration::zero()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (renewal_timer_ != 0 || feed_ == nullptr || held_.size() == 0) {
    return;
  }
  renewal_timer_ = host_->RunAfter(lease() / 3, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->RenewAll();
    }
  });
}

void Subscription::RenewAll() {
  std::vector<HeldPtr> held;
  std::vector<HeldPtr> lost;
  {
    const std::lock_guard lock(mutex_);
    renewal_timer_ = 0;
    if (feed_ == nullptr) {
      return;
    }
    held = held_.Collect([this](const HeldMessage& message) { return Holds(message); });
    lost = held_.Collect([this](const HeldMessage& message) { return !Holds(message); });
  }
  for (const HeldPtr& message : lost) {
    Lose(message);
  }
  if (!held.empty()) {
    Renew(held, [](bool) {});
  }
  ArmRenewal();
}

void Subscription::Renew(const std::vector<HeldPtr>& messages, std::function<void(bool)> then) {
  const FeedUse feed(*this);
  if (feed.is_closed()) {
    return;
  }
  BeginCall();
  std::vector<uint64_t> numbers;
  numbers.reserve(messages.size());
  for (const HeldPtr& message : messages) {
    numbers.push_back(message->delivery.number);
  }
  const SteadyTime sent_at = Now();
  feed->Renew(numbers, [self = shared_from_this(), messages, sent_at,
                        then = std::move(then)](const StatusOr<std::vector<uint64_t>>& lost) {
    for (const HeldPtr& message : messages) {
      if (!lost.ok()) {
        continue;
      }
      if (std::ranges::find(*lost, message->delivery.number) != lost->end()) {
        self->Lose(message);
      } else {
        message->NoteRenewal(sent_at);
      }
    }
    then(lost.ok());
    self->EndCall();
  });
}

// Others may have it: whoever handles it here is told, and nothing more is said of it to the
// broker.
void Subscription::Lose(const HeldPtr& message) {
  message->GiveUp();
  const HeldMessage::Phase phase = RemoveUnlessWithHandler(message);
  if (phase == HeldMessage::Phase::kWithHandler) {
    message->handler->Lose(*message);  // OnAnswer does the rest, at the latest with the reply
  }
}

// The phase it had.
HeldMessage::Phase Subscription::RemoveUnlessWithHandler(const HeldPtr& message) {
  HeldMessage::Phase phase{};
  {
    const std::lock_guard lock(mutex_);
    phase = message->phase;
    if (phase == HeldMessage::Phase::kWithHandler || !RemoveLocked(*message)) {
      return phase;
    }
    ++tally_.lost;
  }
  AfterRemoval(*message, phase);
  return phase;
}

}  // namespace mecha
