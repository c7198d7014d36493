// SPDX-License-Identifier: Apache-2.0
// FeedRecorder: a FeedListener that keeps what it is told, so that a test can wait for it and look.
// It checks the promises of contract/pub_sub.h by itself; ask Complaints() in the end. Not for
// product code. Safe from any thread; it outlives its feed. One recorder serves one feed.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/pub_sub.h"
#include "result/status.h"

namespace mecha::test {

class FeedRecorder final : public FeedListener {
 public:
  // Runs in OnDeliveries, on the feed's thread, after they were recorded and under no lock: to
  // settle, request or publish from inside. Set it before the first Request.
  std::function<void(std::span<const Delivery>)> on_deliveries;

  // Adds to the feed's credit. Use it instead of Feed::Request, or too much cannot be noticed.
  void Request(Feed& feed, size_t more) {
    {
      const std::lock_guard lock(mutex_);
      allowed_ += more;
    }
    feed.Request(more);
  }
  // Call it when Stop has reported: deliveries from now on are a complaint.
  void NoteStopped() {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }

  // True once `count` deliveries came, all in all; false after a minute.
  bool Await(size_t count) {
    return AwaitThat([&] { return deliveries_.size() >= count; });
  }
  // True once OnHealth was called `count` times, all in all; false after a minute.
  bool AwaitHealth(size_t count) {
    return AwaitThat([&] { return healths_.size() >= count; });
  }

  size_t count() {
    const std::lock_guard lock(mutex_);
    return deliveries_.size();
  }
  // Shares the payloads' bytes.
  std::vector<Delivery> deliveries() {
    const std::lock_guard lock(mutex_);
    return deliveries_;
  }
  Delivery at(size_t index) {
    const std::lock_guard lock(mutex_);
    return index < deliveries_.size() ? deliveries_[index] : Delivery();
  }
  // The payloads in the order they came, joined by blanks.
  std::string payloads() {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const Delivery& delivery : deliveries_) {
      all += (all.empty() ? "" : " ") + std::string(delivery.payload.view());
    }
    return all;
  }
  // How many deliveries came in one call, at most.
  size_t most_at_once() {
    const std::lock_guard lock(mutex_);
    return most_at_once_;
  }
  std::vector<Status> healths() {
    const std::lock_guard lock(mutex_);
    return healths_;
  }
  // Every promise that was broken, one line each; "" when all was well.
  std::string Complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

  void OnDeliveries(std::span<Delivery> deliveries) override {
    const bool overlaps = calls_.fetch_add(1) != 0;
    std::vector<Delivery> shown;
    {
      const std::lock_guard lock(mutex_);
      Expect(!overlaps, "two calls of OnDeliveries at a time");
      Check(deliveries);
      most_at_once_ = std::max(most_at_once_, deliveries.size());
      for (Delivery& delivery : deliveries) {
        if (on_deliveries) {
          shown.push_back(delivery);
        }
        deliveries_.push_back(std::move(delivery));
      }
      changed_.notify_all();
    }
    if (on_deliveries) {
      on_deliveries(shown);
    }
    calls_.fetch_sub(1);
  }
  void OnHealth(const Status& health) override {
    const std::lock_guard lock(mutex_);
    const bool was_well = healths_.empty() || healths_.back().ok();
    Expect(!(health.ok() && was_well), "OnHealth said OK though nothing had been wrong");
    healths_.push_back(health);
    changed_.notify_all();
  }

 private:
  template <class Holds>
  bool AwaitThat(Holds holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), holds);
  }
  void Expect(bool holds, std::string_view complaint) {
    if (!holds) {
      complaints_ += std::string(complaint) + "\n";
    }
  }
  void Check(std::span<const Delivery> deliveries) {
    Expect(!deliveries.empty(), "OnDeliveries without any");
    Expect(deliveries_.size() + deliveries.size() <= allowed_, "more deliveries than requested");
    Expect(!is_stopped_, "OnDeliveries after Stop had reported");
    for (const Delivery& delivery : deliveries) {
      Expect(delivery.number != 0, "a delivery with the number 0");
      Expect(numbers_.insert(delivery.number).second, "a number was used twice");
      Expect(delivery.attempt != 0, "a delivery with the attempt 0");
      Expect((delivery.event == nullptr) || delivery.payload.is_null(),
             "a delivery with both an event and a payload");
      for (const auto& [key, value] : delivery.metadata) {
        Expect(std::none_of(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
               "a metadata key in upper case: " + key);
      }
    }
  }

  std::atomic<int> calls_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Delivery> deliveries_;
  std::vector<Status> healths_;
  std::set<uint64_t> numbers_;
  std::string complaints_;
  size_t allowed_ = 0;
  size_t most_at_once_ = 0;
  bool is_stopped_ = false;
};

}  // namespace mecha::test
