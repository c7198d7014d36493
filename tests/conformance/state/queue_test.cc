// SPDX-License-Identifier: Apache-2.0
// Operations that report to a queue: exactly one event each, whatever the store.
#include <poll.h>

#include <map>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

using Kind = EventQueue::Kind;

bool IsReadable(const EventQueue& queue) {
  pollfd fd{mecha_queue_fd(queue.get()), POLLIN, 0};
  return poll(&fd, 1, 0) == 1;
}

TEST_CASE("an operation with a queue is PENDING and reports once, with its token and id") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  mecha_op op = 0;
  const mecha_call call = queue.Call(77, &op);
  REQUIRE(world.store.Set("k", "value", {}, &call).status == MECHA_PENDING);
  const std::vector<Event> events = queue.Collect(1);
  REQUIRE(events.size() == 1);
  CHECK(events[0].token == 77);
  CHECK(events[0].id == op);
  CHECK(op != 0);
  CHECK(events[0].status == MECHA_OK);
  CHECK_FALSE(events[0].answer.only().etag.empty());
  CHECK(queue.CollectSurplus().empty());
  CHECK_FALSE(IsReadable(queue));
  CHECK(world.store.Value("k") == "value");
}

TEST_CASE("every operation gives through a queue what it gives when it blocks") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  const auto event_of = [&](auto submit) {
    const mecha_call call = queue.Call(1);
    REQUIRE(submit(&call).status == MECHA_PENDING);
    std::vector<Event> events = queue.Collect(1);
    REQUIRE(events.size() == 1);
    return events.front().answer;
  };
  const StateClient& store = world.store;
  CHECK(event_of([&](auto* call) { return store.Get("k", call); }).status == MECHA_NOT_FOUND);
  CHECK(event_of([&](auto* call) { return store.Set("k", "1", {}, call); }).ok());
  CHECK(event_of([&](auto* call) { return store.Get("k", call); }).only().value == "1");
  CHECK(event_of([&](auto* call) {
          return store.GetMany({"k", "x"}, call);
        }).statuses() == std::vector<mecha_status>{MECHA_OK, MECHA_NOT_FOUND});
  CHECK(event_of([&](auto* call) {
          return store.Bulk({Put("a", "1"), Put("b", "2")}, call);
        }).ok());
  if (world.runtime.Has("transaction")) {
    CHECK(event_of([&](auto* call) { return store.Transact({Put("c", "3")}, call); }).ok());
    CHECK(store.Value("c") == "3");
  }
  if (world.runtime.Has("list")) {
    CHECK(event_of([&](auto* call) { return store.List("a", 0, {}, call); }).only().key == "a");
  }
  CHECK(event_of([&](auto* call) { return store.Delete("k", {}, call); }).ok());
  CHECK(store.Value("k") == "(absent)");
}

void CheckManyInFlight(Kind kind) {
  const StoreWorld world;
  EventQueue queue(world.runtime.get(), kind);
  constexpr uint64_t kCount = 500;
  uint64_t pending = 0;
  for (uint64_t i = 0; i < kCount; ++i) {
    const mecha_call call = queue.Call(i);
    const std::string key = "k" + std::to_string(i % 100);
    const Answer answer = i % 2 == 0 ? world.store.Set(key, std::to_string(i), {}, &call)
                                     : world.store.Get(key, &call);
    pending += answer.status == MECHA_PENDING ? 1 : 0;
  }
  REQUIRE(pending == kCount);
  std::map<uint64_t, int> seen;
  bool is_right = true;
  for (const Event& event : queue.Collect(kCount)) {
    ++seen[event.token];
    is_right = is_right && (event.status == MECHA_OK || event.status == MECHA_NOT_FOUND);
  }
  CHECK(is_right);
  CHECK(seen.size() == kCount);
  CHECK(queue.CollectSurplus().empty());
  // Of writes to one key that were in flight together one is last; which one is not promised.
  CHECK(std::stoi(world.store.Value("k0")) % 100 == 0);
}

TEST_CASE("500 operations in flight on a poll queue report once each") {
  CheckManyInFlight(Kind::kPoll);
}

TEST_CASE("500 operations in flight on a callback queue report once each") {
  CheckManyInFlight(Kind::kCallback);
}

TEST_CASE("500 operations in flight on a blocking callback queue report once each") {
  CheckManyInFlight(Kind::kBlockingCallback);
}

TEST_CASE("a callback queue delivers on a thread of the runtime") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get(), Kind::kCallback);
  const mecha_call call = queue.Call(1);
  REQUIRE(world.store.Set("k", "v", {}, &call).status == MECHA_PENDING);
  const std::vector<Event> events = queue.Collect(1);
  REQUIRE(events.size() == 1);
  CHECK(events[0].thread != std::this_thread::get_id());
}

TEST_CASE("INLINE completes during the call without an event, or pends and reports once") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  REQUIRE(world.store.Set("k", "value").ok());
  mecha_call call = queue.Call(5);
  call.flags = MECHA_CALL_INLINE;
  const Answer answer = world.store.Get("k", &call);
  if (answer.status == MECHA_PENDING) {
    const std::vector<Event> events = queue.Collect(1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].answer.only().value == "value");
  } else {
    CHECK(answer.ok());
    CHECK(answer.only().value == "value");
  }
  CHECK(queue.CollectSurplus().empty());
}

TEST_CASE("a full queue is BUSY at once, and takes more after its events were collected") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get(), Kind::kPoll, 4);
  int pending = 0;
  int busy = 0;
  for (uint64_t i = 0; i < 8; ++i) {
    const mecha_call call = queue.Call(i);
    const mecha_status status = world.store.Set("k", "v", {}, &call).status;
    pending += status == MECHA_PENDING ? 1 : 0;
    busy += status == MECHA_BUSY ? 1 : 0;
  }
  CHECK(pending + busy == 8);
  CHECK(pending >= 4);
  CHECK(queue.Collect(static_cast<size_t>(pending)).size() == static_cast<size_t>(pending));
  const mecha_call call = queue.Call(9);
  CHECK(world.store.Set("k", "v", {}, &call).status == MECHA_PENDING);
  CHECK(queue.Collect(1).size() == 1);
}

TEST_CASE("a refused argument through a queue is one failure, not two") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  const mecha_call call = queue.Call(1);
  const Answer answer = world.store.Get("a||b", &call);
  if (answer.status == MECHA_PENDING) {
    const std::vector<Event> events = queue.Collect(1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].status == MECHA_INVALID_ARGUMENT);
  } else {
    CHECK(answer.status == MECHA_INVALID_ARGUMENT);
  }
  CHECK(queue.CollectSurplus().empty());
}

TEST_CASE("closing a queue with work open drops its events and refuses more") {
  const StoreWorld world;
  EventQueue queue(world.runtime.get());
  for (uint64_t i = 0; i < 50; ++i) {
    const mecha_call call = queue.Call(i);
    REQUIRE(world.store.Set("k", "v", {}, &call).status == MECHA_PENDING);
  }
  REQUIRE(mecha_queue_close(queue.get()) == MECHA_OK);
  const mecha_call call = queue.Call(99);
  CHECK(world.store.Set("k", "v", {}, &call).status == MECHA_CLOSED);
  mecha_event event{};
  CHECK(mecha_queue_poll(queue.get(), &event, 1) == MECHA_CLOSED);
}

}  // namespace
}  // namespace conformance
