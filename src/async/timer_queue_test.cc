// SPDX-License-Identifier: Apache-2.0
#include "async/timer_queue.h"

#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1000s};

void RunAll(std::vector<Job> jobs) {
  for (Job& job : jobs) {
    std::move(job)();
  }
}

TEST_CASE("timers come out earliest first, and equal ones in the order they were added") {
  TimerQueue timers;
  std::string order;
  timers.Add(kStart + 3s, [&] { order += 'c'; });
  timers.Add(kStart + 1s, [&] { order += 'a'; });
  timers.Add(kStart + 1s, [&] { order += 'b'; });
  timers.Add(kStart + 9s, [&] { order += 'x'; });
  CHECK(timers.NextAt() == kStart + 1s);
  CHECK(timers.TakeDue(kStart).empty());
  RunAll(timers.TakeDue(kStart + 3s));
  CHECK(order == "abc");
  CHECK(timers.NextAt() == kStart + 9s);
}

TEST_CASE("a cancelled timer gives back its job, once") {
  TimerQueue timers;
  bool has_run = false;
  const uint64_t timer = timers.Add(kStart, [&] { has_run = true; });
  Job job = timers.Cancel(timer);
  REQUIRE(job);
  std::move(job)();
  CHECK(has_run);
  CHECK_FALSE(timers.Cancel(timer));
  CHECK(timers.empty());
  CHECK_FALSE(timers.NextAt().has_value());
}

TEST_CASE("a timer that was taken cannot be cancelled, nor can one that never was") {
  TimerQueue timers;
  const uint64_t timer = timers.Add(kStart, [] {});
  CHECK(timer != 0);
  CHECK(timers.TakeDue(kStart).size() == 1);
  CHECK_FALSE(timers.Cancel(timer));
  CHECK_FALSE(timers.Cancel(timer + 1));
  CHECK(timers.Add(kStart, [] {}) != timer);
}

TEST_CASE("TakeAll empties the queue") {
  TimerQueue timers;
  const uint64_t timer = timers.Add(SteadyTime::max(), [] {});
  timers.Add(kStart, [] {});
  CHECK(timers.TakeAll().size() == 2);
  CHECK(timers.empty());
  CHECK_FALSE(timers.Cancel(timer));
}

}  // namespace
}  // namespace mecha
