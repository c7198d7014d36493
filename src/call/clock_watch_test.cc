// SPDX-License-Identifier: Apache-2.0
#include "call/clock_watch.h"

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("clocks that go on together show no gap, however long ago the last look was") {
  ClockWatch watch({10s, 20s, 1000s});
  CHECK_FALSE(watch.Look({11s, 21s, 1001s}).has_value());
  CHECK_FALSE(watch.Look({100'011s, 100'021s, 101'001s}).has_value());
  ClockWatch own(ClockWatch::Read());
  CHECK_FALSE(own.Look(ClockWatch::Read()).has_value());
}

TEST_CASE("a wall clock that a time server makes run faster was not set") {
  ClockWatch watch({0s, 0s, 1000s});
  CHECK_FALSE(watch.Look({3600s, 3600s, 4600s + 1800ms}).has_value());
  CHECK_FALSE(watch.Look({7200s, 7200s, 8200s}).has_value());
}

TEST_CASE("a sleep of the machine is told from a wall clock that was set") {
  ClockWatch watch({0s, 0s, 1000s});
  auto gap = watch.Look({1s, 11s, 1011s});
  REQUIRE(gap.has_value());
  CHECK(gap->slept == 10s);
  CHECK(gap->wall_step == 0s);
  gap = watch.Look({2s, 12s, 4612s});
  REQUIRE(gap.has_value());
  CHECK(gap->slept == 0s);
  CHECK(gap->wall_step == 3600s);
  gap = watch.Look({3s, 13s, 4603s});
  REQUIRE(gap.has_value());
  CHECK(gap->wall_step == -10s);
  CHECK_FALSE(watch.Look({4s, 14s, 4604s}).has_value());
}

TEST_CASE("a machine restored from a snapshot hours later slept and had its clock set") {
  ClockWatch watch({0s, 0s, 1000s});
  const auto gap = watch.Look({1s, 61s, 8200s});
  REQUIRE(gap.has_value());
  CHECK(gap->slept == 60s);
  CHECK(gap->wall_step == 8200s - 1000s - 61s);
}

}  // namespace
}  // namespace mecha
