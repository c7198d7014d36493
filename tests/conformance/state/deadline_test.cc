// SPDX-License-Identifier: Apache-2.0
// Deadlines: an operation ends by its deadline plus at most one disk operation.
#include <chrono>
#include <map>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// One disk operation on a busy machine, under a sanitizer.
constexpr milliseconds kSlack(1000);

bool IsAllowed(const Answer& answer, const std::string& stored) {
  if (answer.ok()) {
    return stored == "value";
  }
  if (answer.status != MECHA_DEADLINE_EXCEEDED) {
    return false;
  }
  return answer.is_maybe_applied || stored == "(absent)";
}

TEST_CASE("a tiny timeout ends with the outcome or DEADLINE_EXCEEDED, and not late") {
  const StoreWorld world;
  int number = 0;
  for (const microseconds timeout : {microseconds(1), microseconds(10), microseconds(100),
                                     microseconds(1000), microseconds(5000)}) {
    for (int i = 0; i < 20; ++i) {
      mecha_call call{};
      call.struct_size = sizeof call;
      call.timeout_ns = std::chrono::nanoseconds(timeout).count();
      const std::string key = "k" + std::to_string(++number);
      const auto start = Clock::now();
      const Answer set = world.store.Set(key, "value", {}, &call);
      const auto elapsed = Clock::now() - start;
      INFO(Words(set) << " with " << timeout.count() << " us");
      REQUIRE(elapsed < timeout + kSlack);
      REQUIRE(IsAllowed(set, world.store.Value(key)));
      const Answer get = world.store.Get("absent", &call);
      REQUIRE((get.status == MECHA_NOT_FOUND || get.status == MECHA_DEADLINE_EXCEEDED));
    }
  }
  REQUIRE(world.store.Set("after", "works").ok());
  CHECK(world.store.Value("after") == "works");
}

TEST_CASE("queued operations with tiny timeouts report once each") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  constexpr uint64_t kCount = 200;
  const auto start = Clock::now();
  for (uint64_t i = 0; i < kCount; ++i) {
    const int64_t timeout_ns = i % 2 == 0 ? 1'000 : 2'000'000;
    const mecha_call call = queue.Call(i, nullptr, timeout_ns);
    REQUIRE(world.store.Set("k" + std::to_string(i), "value", {}, &call).status == MECHA_PENDING);
  }
  const std::vector<Event> events = queue.Collect(kCount);
  CHECK(Clock::now() - start < kSlack * 3);
  std::map<uint64_t, int> seen;
  for (const Event& event : events) {
    ++seen[event.token];
    INFO(Words(event.answer));
    REQUIRE(IsAllowed(event.answer, world.store.Value("k" + std::to_string(event.token))));
  }
  CHECK(seen.size() == kCount);
  CHECK(queue.CollectSurplus().empty());
}

TEST_CASE("a timeout below zero is none") {
  const StoreWorld world;
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = -1;
  CHECK(world.store.Set("k", "value", {}, &call).ok());
  CHECK(world.store.Get("k", &call).only().value == "value");
}

TEST_CASE("a bulk apply and a transaction keep to their deadline, too") {
  const StoreWorld world;
  std::vector<Write> writes;
  for (int i = 0; i < 300; ++i) {
    writes.push_back(Put("k" + std::to_string(i), "value"));
  }
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = 200'000;
  const auto start = Clock::now();
  const Answer bulk = world.store.Bulk(writes, &call);
  CHECK(Clock::now() - start < kSlack);
  CHECK((bulk.ok() || bulk.status == MECHA_PARTIAL || bulk.status == MECHA_DEADLINE_EXCEEDED));
  if (!world.runtime.Has("transaction")) {
    return;
  }
  for (Write& write : writes) {
    write.key = "t-" + write.key;
  }
  const Answer atomic = world.store.Transact(writes, &call);
  INFO(Words(atomic));
  CHECK((atomic.ok() || atomic.status == MECHA_DEADLINE_EXCEEDED));
  const std::string first = world.store.Value("t-k0");
  CHECK(world.store.Value("t-k299") == first);
  CHECK((atomic.is_maybe_applied || (first == "value") == atomic.ok()));
}

}  // namespace
}  // namespace conformance
