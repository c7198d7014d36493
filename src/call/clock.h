// SPDX-License-Identifier: Apache-2.0
// Clock: the one source of time. Tests move it forward with Advance; it never stands still on its
// own, not even while the machine sleeps. Safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>

namespace mecha {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  // CLOCK_BOOTTIME: the steady clock of the standard library leaves out the time a machine slept,
  // and a lease of a message does not wait for it.
  SteadyTime Now() const {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return SteadyTime(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec)) + offset();
  }
  WallTime WallNow() const { return std::chrono::system_clock::now() + offset(); }

  // Moves both clocks forward by `by`. For tests: timers must be told separately.
  void Advance(Duration by) { offset_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  Duration offset() const { return Duration(offset_.load(std::memory_order_relaxed)); }

  std::atomic<Duration::rep> offset_{0};
};

}  // namespace mecha
