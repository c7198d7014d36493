// SPDX-License-Identifier: Apache-2.0
// Cancelling at every step: one report each, CANCELLED or the true outcome, and what it claims
// about the write is so.
#include <atomic>
#include <map>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

// Whether the store agrees with what a set of a fresh key said.
bool IsHonest(const Answer& answer, const std::string& stored) {
  if (answer.ok()) {
    return stored == "value";
  }
  if (answer.status != MECHA_CANCELLED) {
    return false;
  }
  return answer.is_maybe_applied || answer.detail("applied") == "maybe" || stored == "(absent)";
}

TEST_CASE("an id that never was or has ended is NOT_FOUND") {
  const StoreWorld world;
  CHECK(mecha_runtime_cancel(world.runtime.get(), 0) == MECHA_NOT_FOUND);
  CHECK(mecha_runtime_cancel(world.runtime.get(), 0x1234567890abcdefull) == MECHA_NOT_FOUND);
  EventQueue queue(world.runtime.get());
  mecha_op op = 0;
  const mecha_call call = queue.Call(1, &op);
  REQUIRE(world.store.Set("k", "value", {}, &call).status == MECHA_PENDING);
  REQUIRE(queue.Collect(1).size() == 1);
  CHECK(mecha_runtime_cancel(world.runtime.get(), op) == MECHA_NOT_FOUND);
  CHECK(world.store.Value("k") == "value");
}

// Submits `count` sets and cancels each after `after` more were submitted.
void CheckCancelled(size_t count, size_t after) {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  std::vector<mecha_op> ops(count, 0);
  for (size_t i = 0; i < count + after; ++i) {
    if (i < count) {
      const mecha_call call = queue.Call(i, &ops[i]);
      REQUIRE(world.store.Set("k" + std::to_string(i), "value", {}, &call).status == MECHA_PENDING);
    }
    if (i >= after) {
      const mecha_status status = mecha_runtime_cancel(world.runtime.get(), ops[i - after]);
      REQUIRE((status == MECHA_OK || status == MECHA_NOT_FOUND));
    }
  }
  std::map<uint64_t, int> seen;
  for (const Event& event : queue.Collect(count)) {
    ++seen[event.token];
    const std::string stored = world.store.Value("k" + std::to_string(event.token));
    INFO(Words(event.answer) << ", stored " << stored);
    REQUIRE(IsHonest(event.answer, stored));
  }
  CHECK(seen.size() == count);
  CHECK(queue.CollectSurplus().empty());
}

TEST_CASE("a set that is cancelled at once reports once and honestly") { CheckCancelled(200, 0); }

TEST_CASE("a set that is cancelled behind others reports once and honestly") {
  CheckCancelled(200, 50);
}

TEST_CASE("sets that are cancelled from another thread report once and honestly") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  constexpr size_t kCount = 300;
  std::vector<std::atomic<mecha_op>> ops(kCount);
  std::thread canceller([&] {
    for (size_t i = 0; i < kCount; ++i) {
      mecha_op op = 0;
      while ((op = ops[i].load()) == 0) {
        std::this_thread::yield();
      }
      mecha_runtime_cancel(world.runtime.get(), op);
    }
  });
  for (size_t i = 0; i < kCount; ++i) {
    mecha_op op = 0;
    const mecha_call call = queue.Call(i, &op);
    static_cast<void>(world.store.Set("k" + std::to_string(i), "value", {}, &call));
    ops[i] = op == 0 ? ~uint64_t{0} : op;
  }
  canceller.join();
  const std::vector<Event> events = queue.Collect(kCount);
  CHECK(events.size() == kCount);
  bool is_honest = true;
  for (const Event& event : events) {
    is_honest =
        is_honest && IsHonest(event.answer, world.store.Value("k" + std::to_string(event.token)));
  }
  CHECK(is_honest);
}

TEST_CASE("a blocking set that another thread cancels returns once and honestly") {
  const StoreWorld world;
  for (int i = 0; i < 50; ++i) {
    std::atomic<mecha_op> op = 0;
    static_assert(sizeof op == sizeof(mecha_op));
    mecha_call call{};
    call.struct_size = sizeof call;
    call.op = reinterpret_cast<mecha_op*>(&op);
    std::atomic<bool> is_over = false;
    std::thread canceller([&] {
      while (op.load() == 0 && !is_over) {
        std::this_thread::yield();
      }
      mecha_runtime_cancel(world.runtime.get(), op.load());
    });
    const std::string key = "k" + std::to_string(i);
    const Answer answer = world.store.Set(key, "value", {}, &call);
    is_over = true;
    canceller.join();
    INFO(Words(answer));
    REQUIRE(IsHonest(answer, world.store.Value(key)));
  }
}

TEST_CASE("a cancelled transaction is applied whole or not at all") {
  const StoreWorld world;
  if (!world.runtime.Has("transaction")) {
    SUCCEED("the store has no transactions");
    return;
  }
  EventQueue queue(world.runtime.get());
  for (uint64_t i = 0; i < 50; ++i) {
    mecha_op op = 0;
    const mecha_call call = queue.Call(i, &op);
    const std::string a = "a" + std::to_string(i);
    const std::string b = "b" + std::to_string(i);
    REQUIRE(world.store.Transact({Put(a, "value"), Put(b, "value")}, &call).status ==
            MECHA_PENDING);
    mecha_runtime_cancel(world.runtime.get(), op);
    const std::vector<Event> events = queue.Collect(1);
    REQUIRE(events.size() == 1);
    // A transaction that was cancelled on its way may land between two reads, so an absent
    // first key is read once more after the second.
    std::string stored = world.store.Value(a);
    const std::string other = world.store.Value(b);
    if (stored != other) {
      stored = world.store.Value(a);
    }
    INFO(Words(events[0].answer));
    REQUIRE(IsHonest(events[0].answer, stored));
    REQUIRE(other == stored);
  }
}

TEST_CASE("reads that are cancelled leave the store working") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  REQUIRE(world.store.Set("k", "value").ok());
  for (uint64_t i = 0; i < 200; ++i) {
    mecha_op op = 0;
    const mecha_call call = queue.Call(i, &op);
    REQUIRE(world.store.Get("k", &call).status == MECHA_PENDING);
    mecha_runtime_cancel(world.runtime.get(), op);
  }
  const std::vector<Event> events = queue.Collect(200);
  CHECK(events.size() == 200);
  for (const Event& event : events) {
    REQUIRE((event.status == MECHA_CANCELLED || event.answer.only().value == "value"));
  }
  CHECK(world.store.Value("k") == "value");
}

}  // namespace
}  // namespace conformance
