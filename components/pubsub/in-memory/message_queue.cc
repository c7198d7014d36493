// SPDX-License-Identifier: Apache-2.0
#include "message_queue.h"

#include "contract/cloud_event.h"

namespace MECHA_COMPONENT {

void MessageQueue::Return(StoredMessage message, std::optional<SteadyTime> due) {
  const uint64_t sequence = message.sequence;
  if (due.has_value()) {
    delayed_.emplace(std::pair(*due, sequence), std::move(message));
  } else {
    returned_.emplace(sequence, std::move(message));
  }
}

void MessageQueue::Release(SteadyTime now) {
  while (!delayed_.empty() && delayed_.begin()->first.first <= now) {
    const auto first = delayed_.begin();
    returned_.emplace(first->first.second, std::move(first->second));
    delayed_.erase(first);
  }
}

void MessageQueue::Prefetch() const {
  constexpr size_t kAhead = 6;
  constexpr size_t kLine = 64;
  if (fresh_.size() <= kAhead) {
    return;
  }
  const auto* const event = reinterpret_cast<const char*>(fresh_[kAhead].event.get());
  for (size_t at = 0; at < sizeof(CloudEvent); at += kLine) {
    __builtin_prefetch(event + at);
  }
}

StoredMessage MessageQueue::Take() {
  StoredMessage message;
  const bool is_returned =
      !returned_.empty() && (fresh_.empty() || returned_.begin()->first < fresh_.front().sequence);
  if (is_returned) {
    message = std::move(returned_.begin()->second);
    returned_.erase(returned_.begin());
  } else {
    message = std::move(fresh_.front());
    fresh_.pop_front();
  }
  return message;
}

void MessageQueue::Clear() {
  fresh_.clear();
  returned_.clear();
  delayed_.clear();
}

}  // namespace MECHA_COMPONENT
