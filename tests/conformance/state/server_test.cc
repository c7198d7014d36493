// SPDX-License-Identifier: Apache-2.0
// A server that dies, hangs and comes back. Nothing to do for stores without one.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "conformance/client/event_queue.h"
#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct ServerWorld {
  BackEnd back_end{ServerUse::kOwn};
  TestRuntime runtime{back_end};
  StateClient store = runtime.store();
  Server& server = *back_end.server();
};

mecha_call Within(milliseconds timeout) {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = std::chrono::nanoseconds(timeout).count();
  return call;
}

bool ComesTrue(const std::function<bool()>& condition, seconds limit) {
  const auto until = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

bool IsUnreachable(mecha_status status) {
  return status == MECHA_UNAVAILABLE || status == MECHA_DEADLINE_EXCEEDED;
}

// What a key that was acknowledged may hold after the server was killed and came back.
bool IsKept(const std::string& stored) {
  return stored == "value" || (kHarness.forgets && stored == "(absent)");
}

// The server answers about a key, even if only that it has forgotten it.
bool Answers(mecha_status status) {
  return status == MECHA_OK || (kHarness.forgets && status == MECHA_NOT_FOUND);
}

#define RETURN_WITHOUT_SERVER()         \
  if (kHarness.server.empty()) {        \
    SUCCEED("the store has no server"); \
    return;                             \
  }                                     \
  static_assert(true)

TEST_CASE("calls to a dead server fail within their deadline and say so") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  REQUIRE(world.store.Set("k", "value").ok());
  world.server.Kill();
  const mecha_call call = Within(milliseconds(700));
  for (int i = 0; i < 3; ++i) {
    const auto start = Clock::now();
    const Answer get = world.store.Get("k", &call);
    CHECK(IsUnreachable(get.status));
    CHECK(get.has_error);
    CHECK_FALSE(get.error.empty());
    CHECK(Clock::now() - start < seconds(2));
  }
  const Answer set = world.store.Set("k", "other", {}, &call);
  CHECK(IsUnreachable(set.status));
  mecha_result* result = nullptr;
  const mecha_status ping =
      mecha_component_ping(world.runtime.get(), &call, ViewOf("store"), &result);
  mecha_result_release(result);
  CHECK(IsUnreachable(ping));
}

TEST_CASE("calls work again soon after the server came back, with what was acknowledged") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(world.store.Set("k" + std::to_string(i), "value").ok());
  }
  world.server.Kill();
  const mecha_call call = Within(milliseconds(300));
  CHECK(IsUnreachable(world.store.Get("k0", &call).status));
  world.server.Restart();
  CHECK(ComesTrue([&] { return Answers(world.store.Get("k0", &call).status); }, seconds(10)));
  for (int i = 0; i < 20; ++i) {
    CHECK(IsKept(world.store.Value("k" + std::to_string(i))));
  }
  CHECK(world.store.Set("again", "value").ok());
  CHECK(world.store.Value("again") == "value");
}

TEST_CASE("what was acknowledged while the server was killed is there, what was not is told so") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  constexpr int kThreads = 4;
  std::atomic<bool> is_over = false;
  struct Attempt {
    std::string key;
    Answer answer;
  };
  std::vector<std::vector<Attempt>> attempts(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const mecha_call call = Within(milliseconds(500));
      for (int i = 0; !is_over; ++i) {
        const std::string key = std::to_string(thread) + "-" + std::to_string(i);
        auto& own = attempts[static_cast<size_t>(thread)];
        own.push_back({key, world.store.Set(key, "value", {}, &call)});
        if (!own.back().answer.ok()) {
          // Every attempt is read back below, and those that find no server take no time.
          std::this_thread::sleep_for(milliseconds(1));
        }
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(200));
  world.server.Kill();
  std::this_thread::sleep_for(milliseconds(200));
  world.server.Restart();
  std::this_thread::sleep_for(milliseconds(500));
  is_over = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  REQUIRE(
      ComesTrue([&] { return world.store.Get("probe").status == MECHA_NOT_FOUND; }, seconds(10)));
  size_t acknowledged = 0;
  for (const auto& one_thread : attempts) {
    for (const Attempt& attempt : one_thread) {
      const Answer& answer = attempt.answer;
      INFO(attempt.key << " " << Words(answer));
      REQUIRE((answer.ok() || IsUnreachable(answer.status)));
      const std::string stored = world.store.Value(attempt.key);
      if (answer.ok()) {
        ++acknowledged;
        REQUIRE(IsKept(stored));
      } else if (!answer.is_maybe_applied) {
        REQUIRE(stored == "(absent)");
      }
    }
  }
  CHECK(acknowledged > 0);
}

TEST_CASE("an etag from before a server forgot everything fits no value after it") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  if (!kHarness.forgets || !world.runtime.Has("etag")) {
    SUCCEED("the server forgets nothing");
    return;
  }
  const std::string etag = world.store.Set("k", "before").only().etag;
  world.server.Kill();
  world.server.Restart();
  REQUIRE(ComesTrue([&] { return world.store.Set("k", "after").ok(); }, seconds(10)));
  CHECK(world.store.Set("k", "mine", IfMatch(etag)).status == MECHA_ABORTED);
  CHECK(world.store.Delete("k", IfMatch(etag)).status == MECHA_ABORTED);
  CHECK(world.store.Value("k") == "after");
}

TEST_CASE("an increment by etag counts right across a server that dies and comes back") {
  RETURN_WITHOUT_SERVER();
  if (kHarness.forgets) {
    SUCCEED("the counter dies with its server");
    return;
  }
  ServerWorld world;
  REQUIRE(world.store.Set("counter", "0").ok());
  std::atomic<int> surely = 0;
  std::atomic<int> maybe = 0;
  std::thread worker([&] {
    const mecha_call call = Within(milliseconds(500));
    while (surely + maybe < 300) {
      const Answer read = world.store.Get("counter", &call);
      if (!read.ok()) {
        continue;
      }
      const std::string next = std::to_string(std::stoi(read.only().value) + 1);
      const Answer set = world.store.Set("counter", next, IfMatch(read.only().etag), &call);
      surely += set.ok() ? 1 : 0;
      maybe += !set.ok() && set.is_maybe_applied ? 1 : 0;
    }
  });
  ComesTrue([&] { return surely >= 100; }, seconds(10));
  world.server.Kill();
  world.server.Restart();
  worker.join();
  const int counted = std::stoi(world.store.Value("counter"));
  CHECK(counted >= surely);
  CHECK(counted <= surely + maybe);
}

TEST_CASE("a call to a server that hangs ends at its deadline") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  REQUIRE(world.store.Set("k", "value").ok());
  world.server.Pause();
  const mecha_call call = Within(milliseconds(200));
  auto start = Clock::now();
  const Answer set = world.store.Set("fresh", "value", {}, &call);
  const auto set_took = Clock::now() - start;
  start = Clock::now();
  const Answer get = world.store.Get("k", &call);
  const auto get_took = Clock::now() - start;
  world.server.Continue();
  CHECK(set.status == MECHA_DEADLINE_EXCEEDED);
  CHECK(set.is_maybe_applied);
  CHECK(get.status == MECHA_DEADLINE_EXCEEDED);
  for (const auto took : {set_took, get_took}) {
    CHECK(took >= milliseconds(190));
    CHECK(took < milliseconds(1200));
  }
  // No late reply is taken for the answer to a later call.
  CHECK(world.store.Value("k") == "value");
  CHECK(world.store.Value("absent") == "(absent)");
}

TEST_CASE("queued calls to a server that hangs are cancelled or time out, once each") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  EventQueue queue(world.runtime.get());
  REQUIRE(world.store.Set("k", "value").ok());
  world.server.Pause();
  mecha_op ops[20] = {};
  for (uint64_t i = 0; i < 20; ++i) {
    const mecha_call call = queue.Call(i, &ops[i], i % 2 == 0 ? 300'000'000 : 0);
    CHECK(world.store.Set("q" + std::to_string(i), "value", {}, &call).status == MECHA_PENDING);
  }
  for (uint64_t i = 1; i < 20; i += 2) {
    CHECK(mecha_runtime_cancel(world.runtime.get(), ops[i]) == MECHA_OK);
  }
  const auto start = Clock::now();
  const std::vector<Event> events = queue.Collect(20, seconds(10));
  const auto took = Clock::now() - start;
  world.server.Continue();
  CHECK(events.size() == 20);
  CHECK(took < seconds(3));
  for (const Event& event : events) {
    CHECK(event.status == (event.token % 2 == 0 ? MECHA_DEADLINE_EXCEEDED : MECHA_CANCELLED));
  }
  CHECK(queue.CollectSurplus().empty());
  CHECK(world.store.Value("k") == "value");
}

TEST_CASE("a blocking call to a server that hangs is cancelled by another thread") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  REQUIRE(world.store.Set("k", "value").ok());
  world.server.Pause();
  std::atomic<mecha_op> op = 0;
  mecha_call call = Within(seconds(20));
  call.op = reinterpret_cast<mecha_op*>(&op);
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(100));
    mecha_runtime_cancel(world.runtime.get(), op.load());
  });
  const auto start = Clock::now();
  const Answer answer = world.store.Get("k", &call);
  const auto took = Clock::now() - start;
  canceller.join();
  world.server.Continue();
  CHECK(answer.status == MECHA_CANCELLED);
  CHECK(took < seconds(2));
  CHECK(world.store.Value("k") == "value");
}

}  // namespace
}  // namespace conformance
