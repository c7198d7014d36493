// SPDX-License-Identifier: Apache-2.0
// StreamHand: the deliveries of one subscription that are in this process's hands, and what its
// reader and its keeper tell each other about them. It does no input or output. Safe from any
// thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "call/clock.h"
#include "stream_id.h"

namespace MECHA_COMPONENT {

class StreamHand {
 public:
  struct Item {
    uint64_t number = 0;
    StreamId id;
    SteadyTime held_since{};
  };

  uint64_t Add(StreamId id, SteadyTime held_since) {
    const std::lock_guard lock(mutex_);
    places_.emplace(++last_, Place{id, held_since, false});
    return last_;
  }

  // Nothing when it is not in hand, or is being settled already.
  std::optional<Item> BeginSettle(uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(number);
    if (found == places_.end() || found->second.is_settling) {
      return std::nullopt;
    }
    found->second.is_settling = true;
    return Item{number, found->second.id, found->second.held_since};
  }
  std::optional<Item> Find(uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(number);
    if (found == places_.end()) {
      return std::nullopt;
    }
    return Item{number, found->second.id, found->second.held_since};
  }
  void Renew(uint64_t number, SteadyTime held_since) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(number);
    if (found != places_.end()) {
      found->second.held_since = held_since;
    }
  }
  void Forget(std::span<const uint64_t> numbers) {
    const std::lock_guard lock(mutex_);
    for (const uint64_t number : numbers) {
      places_.erase(number);
    }
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return places_.size();
  }
  bool empty() { return size() == 0; }
  // All that is not being settled, which it is from now on.
  std::vector<StreamId> SettleAll() {
    const std::lock_guard lock(mutex_);
    std::vector<StreamId> ids;
    for (auto& [number, place] : places_) {
      if (!place.is_settling) {
        ids.push_back(place.id);
        place.is_settling = true;
      }
    }
    return ids;
  }
  // In order.
  std::vector<StreamId> Ids() {
    const std::lock_guard lock(mutex_);
    std::vector<StreamId> ids;
    for (const auto& [number, place] : places_) {
      ids.push_back(place.id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  // The server may have entries down as in this consumer's hands that are not: a reply was lost.
  std::atomic<bool> may_have_strays{true};
  // Something was given back, by this process or, for all it knows, by another one.
  std::atomic<bool> has_returned{true};
  // The client id of a connection that waits for new entries; 0 while none does.
  std::atomic<int64_t> waiting_client{0};
  // No more is delivered; the consumer leaves the group with the last settlement.
  std::atomic<bool> is_stopped{false};

 private:
  struct Place {
    StreamId id;
    SteadyTime held_since{};
    bool is_settling = false;
  };

  std::mutex mutex_;
  std::unordered_map<uint64_t, Place> places_;
  uint64_t last_ = 0;
};

}  // namespace MECHA_COMPONENT
