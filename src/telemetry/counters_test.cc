// SPDX-License-Identifier: Apache-2.0
#include "telemetry/counters.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("counters add up what they observe, each verb by itself") {
  Counters counters;
  counters.Observe({.verb = Verb::kSet, .elapsed = 5us, .bytes = 10});
  counters.Observe(
      {.verb = Verb::kSet, .is_failure = true, .retries = 3, .elapsed = 7us, .bytes = 0});
  counters.Observe({.verb = Verb::kGet, .elapsed = 1us, .bytes = 4});
  const Counters::Snapshot set = counters.Read(Verb::kSet);
  CHECK(set.calls == 2);
  CHECK(set.failures == 1);
  CHECK(set.retries == 3);
  CHECK(set.nanoseconds == 12'000);
  CHECK(set.bytes == 10);
  CHECK(counters.Read(Verb::kGet).calls == 1);
  CHECK(counters.Read(Verb::kDelete).calls == 0);
}

TEST_CASE("counters lose nothing when several threads observe") {
  Counters counters;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        counters.Observe({.verb = Verb::kGet, .bytes = 2});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(counters.Read(Verb::kGet).calls == 4000);
  CHECK(counters.Read(Verb::kGet).bytes == 8000);
}

TEST_CASE("every verb has a name") {
  for (int i = 0; i < static_cast<int>(Verb::kCount); ++i) {
    CHECK(NameOf(static_cast<Verb>(i)) != "unknown");
  }
}

}  // namespace
}  // namespace mecha
