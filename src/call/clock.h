// SPDX-License-Identifier: Apache-2.0
// Clock: the one source of time. Tests move it forward with Advance; it never stands still on its
// own. Safe from any thread.
#pragma once

#include <atomic>
#include <chrono>

namespace mecha {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  SteadyTime Now() const { return std::chrono::steady_clock::now() + offset(); }
  WallTime WallNow() const { return std::chrono::system_clock::now() + offset(); }

  // Moves both clocks forward by `by`. For tests: timers must be told separately.
  void Advance(Duration by) { offset_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  Duration offset() const { return Duration(offset_.load(std::memory_order_relaxed)); }

  std::atomic<Duration::rep> offset_{0};
};

}  // namespace mecha
