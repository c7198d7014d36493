// SPDX-License-Identifier: Apache-2.0
// HeldMessage: a message in this process's hands, as its subscription keeps it; HeldList: all of
// one subscription. The list and the marked members are the subscription's, under its lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "call/waiter.h"
#include "contract/pub_sub.h"
#include "inbound/message.h"

namespace mecha {

class Registration;

struct HeldMessage final : Message {
  enum class Phase : uint8_t {
    kArriving,     // being looked at
    kWithHandler,  // offered to a registration
    kPausing,      // waits to be offered again
    kEnding        // being settled or forwarded
  };

  std::shared_ptr<Registration> handler;  // who was offered it
  // When its lease surely ran. kNotHeld, for ever, once others may have the message.
  static constexpr SteadyTime kNotHeld = SteadyTime::min();
  std::atomic<SteadyTime> renewed_at{};

  void GiveUp() { renewed_at.store(kNotHeld, std::memory_order_release); }
  void NoteRenewal(SteadyTime at) {
    SteadyTime seen = renewed_at.load(std::memory_order_relaxed);
    while (seen != kNotHeld && seen < at &&
           !renewed_at.compare_exchange_weak(seen, at, std::memory_order_release)) {
    }
  }

  // Under the subscription's lock:
  Phase phase = Phase::kArriving;
  uint32_t attempt = 1;  // of handling it, here or elsewhere
  uint64_t timer = 0;
  int tries = 0;  // of its end at the broker
  Settlement settlement;
  std::shared_ptr<Waiter> forwarding;  // while it is published to the dead letters
  std::shared_ptr<HeldMessage> self;   // while in the list
  HeldMessage* before = nullptr;
  HeldMessage* after = nullptr;
};

using HeldPtr = std::shared_ptr<HeldMessage>;

class HeldList {
 public:
  void Add(const HeldPtr& message) {
    message->self = message;
    message->before = nullptr;
    message->after = first_;
    if (first_ != nullptr) {
      first_->before = message.get();
    }
    first_ = message.get();
    ++size_;
  }
  // False when it is not there any more.
  bool Remove(HeldMessage& message) {
    if (message.self == nullptr) {
      return false;
    }
    (message.before == nullptr ? first_ : message.before->after) = message.after;
    if (message.after != nullptr) {
      message.after->before = message.before;
    }
    message.before = nullptr;
    message.after = nullptr;
    message.self.reset();
    --size_;
    return true;
  }
  template <class IsWanted>
  std::vector<HeldPtr> Collect(IsWanted is_wanted) const {
    std::vector<HeldPtr> found;
    for (const HeldMessage* message = first_; message != nullptr; message = message->after) {
      if (is_wanted(*message)) {
        found.push_back(message->self);
      }
    }
    return found;
  }
  size_t size() const { return size_; }

 private:
  HeldMessage* first_ = nullptr;
  size_t size_ = 0;
};

}  // namespace mecha
