// SPDX-License-Identifier: Apache-2.0
#include "call/clock.h"

#include "call/deadline.h"
#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("Advance moves both clocks forward") {
  Clock clock;
  const SteadyTime steady = clock.Now();
  const WallTime wall = clock.WallNow();
  clock.Advance(1h);
  CHECK(clock.Now() - steady >= 1h);
  CHECK(clock.Now() - steady < 1h + 60s);
  CHECK(clock.WallNow() - wall >= 1h - 1s);
}

TEST_CASE("a deadline passes at its moment") {
  const SteadyTime start{1000s};
  const Deadline deadline = Deadline::After(start, 5s);
  CHECK(deadline.at() == start + 5s);
  CHECK_FALSE(deadline.HasPassed(start + 5s - 1ns));
  CHECK(deadline.HasPassed(start + 5s));
  CHECK(deadline.Remaining(start + 2s) == 3s);
  CHECK(deadline.Remaining(start + 9s) == 0s);
  CHECK_FALSE(deadline.is_never());
}

TEST_CASE("no deadline never passes, and a time-out too long for the clock is none") {
  const SteadyTime late = SteadyTime::max() - 1ns;
  CHECK_FALSE(Deadline::Never().HasPassed(late));
  CHECK(Deadline::Never().Remaining(late) == Duration::max());
  CHECK(Deadline::After(SteadyTime{1000s}, Duration::max()).is_never());
}

}  // namespace
}  // namespace mecha
