// SPDX-License-Identifier: Apache-2.0
// The asynchronous half of the C interface, on state.in-memory.
#include "mecha/queue.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "support/c_world.h"
#include "support/moment.h"

namespace mecha {
namespace {

using test::AwaitThat;
using test::CWorld;
using test::Moment;
using test::NewCall;
using test::Released;
using test::View;

TEST_CASE("PENDING promises exactly one event, with token, id, status and result") {
  CWorld world;
  world.OpenQueue();
  mecha_op op = 0;
  mecha_result* out = reinterpret_cast<mecha_result*>(1);
  mecha_call call = NewCall();
  call.queue = world.queue;
  call.token = 42;
  call.op = &op;
  REQUIRE(world.Get("absent", &call, &out) == MECHA_PENDING);
  CHECK(out == nullptr);
  CHECK(op != 0);
  mecha_event event{};
  REQUIRE(mecha_queue_wait(world.queue, &event, 1, -1) == 1);
  CHECK(event.kind == MECHA_EVENT_COMPLETION);
  CHECK(event.token == 42);
  CHECK(event.id == op);
  CHECK(event.status == MECHA_NOT_FOUND);
  REQUIRE(event.result != nullptr);
  CHECK(mecha_result_error(event.result, MECHA_RESULT_WHOLE) == nullptr);
  mecha_result_release(event.result);
  CHECK(mecha_queue_poll(world.queue, &event, 1) == 0);
  CHECK(mecha_queue_wait(world.queue, &event, 1, 0) == 0);
}

TEST_CASE("a stale, a wild and no id are NOT_FOUND to cancel") {
  CWorld world;
  world.OpenQueue();
  mecha_op first = 0;
  mecha_op second = 0;
  REQUIRE(world.Submit(1, &first) == MECHA_PENDING);
  REQUIRE(world.Submit(2, &second) == MECHA_PENDING);
  CHECK(first != second);
  CHECK(world.Poll().size() == 2);
  CHECK(mecha_runtime_cancel(world.runtime, first) == MECHA_NOT_FOUND);
  CHECK(mecha_runtime_cancel(world.runtime, second) == MECHA_NOT_FOUND);
  CHECK(mecha_runtime_cancel(world.runtime, 0) == MECHA_NOT_FOUND);
  CHECK(mecha_runtime_cancel(world.runtime, ~uint64_t{0}) == MECHA_NOT_FOUND);
}

TEST_CASE("over max_inflight an operation is BUSY, and no event follows") {
  CWorld world;
  world.OpenQueue(2);
  REQUIRE(world.Submit(1) == MECHA_PENDING);
  REQUIRE(world.Submit(2) == MECHA_PENDING);
  CHECK(world.Submit(3) == MECHA_BUSY);
  const auto events = world.Poll();
  REQUIRE(events.size() == 2);
  CHECK(events[0].token == 1);
  CHECK(events[1].token == 2);
  CHECK(world.Submit(4) == MECHA_PENDING);
}

TEST_CASE("INLINE completes without an event and takes no place") {
  CWorld world;
  world.OpenQueue(1);
  for (int i = 0; i < 3; ++i) {
    CHECK(world.Submit(0, nullptr, MECHA_CALL_INLINE) == MECHA_NOT_FOUND);
  }
  CHECK(world.Poll().empty());
}

TEST_CASE("INLINE on a store that answers at once needs no place, and cannot be cancelled") {
  CWorld world;
  world.OpenQueue(1);
  REQUIRE(world.Submit(1) == MECHA_PENDING);
  REQUIRE(world.Submit(2) == MECHA_BUSY);
  mecha_op op = 7;
  mecha_call call = NewCall();
  call.queue = world.queue;
  call.op = &op;
  call.flags = MECHA_CALL_INLINE;
  CHECK(world.Set("other", "value", &call) == MECHA_OK);
  CHECK(op == 0);
  CHECK(world.Get("other", &call) == MECHA_OK);
  CHECK(world.Get("", &call) == MECHA_INVALID_ARGUMENT);
  CHECK(mecha_state_get_many(world.runtime, &call, View("store"), nullptr, 0, nullptr, nullptr) ==
        MECHA_BUSY);  // this one goes by the queue
  CHECK(world.Poll().size() == 1);
}

TEST_CASE("a refused operation has no event, also with a queue") {
  CWorld world;
  world.OpenQueue(1);
  mecha_call call = NewCall();
  call.queue = world.queue;
  mecha_result* out = nullptr;
  CHECK(world.Get("", &call, &out) == MECHA_INVALID_ARGUMENT);
  REQUIRE(out != nullptr);
  CHECK(mecha_result_error(out, MECHA_RESULT_WHOLE) != nullptr);
  CHECK(world.Submit() == MECHA_PENDING);  // the place was given back
  CHECK(world.Poll().size() == 1);
  mecha_runtime_free(world.runtime);
  mecha_queue_free(world.queue);
  world.runtime = nullptr;
  world.queue = nullptr;
  CHECK(std::string(mecha_error_message(mecha_result_error(out, MECHA_RESULT_WHOLE))) != "");
  mecha_result_release(out);  // results outlive everything
}

TEST_CASE("inputs are copied with a queue, and lent ones released once by the poller") {
  CWorld world;
  world.OpenQueue();
  std::string key = "key";
  std::string value = "value";
  mecha_call call = NewCall();
  call.queue = world.queue;
  REQUIRE(world.Set(key, value, &call) == MECHA_PENDING);
  key = "###";
  value = "#####";
  CHECK(world.Poll().size() == 1);
  mecha_result* result = nullptr;
  REQUIRE(world.Get("key", nullptr, &result) == MECHA_OK);
  mecha_item item{};
  item.struct_size = sizeof item;
  REQUIRE(mecha_result_item(result, 0, &item) == MECHA_OK);
  CHECK(std::string_view(static_cast<const char*>(item.value.data), item.value.size) == "value");
  mecha_result_release(result);

  Released released;
  REQUIRE(mecha_state_set(world.runtime, &call, View("store"), View("k"), released.Lend("x"),
                          nullptr, nullptr) == MECHA_PENDING);
  CHECK(released.count.load() == 0);
  CHECK(world.Poll().size() == 1);
  CHECK(released.count.load() == 1);
}

TEST_CASE("release runs once however a call fails") {
  CWorld world;
  world.OpenQueue(1);
  Released released;
  mecha_call call = NewCall();
  const auto set = [&](std::string_view store, std::string_view key, const mecha_call* how) {
    return mecha_state_set(world.runtime, how, View(store), View(key), released.Lend("x"), nullptr,
                           nullptr);
  };
  CHECK(set("store", "k", nullptr) == MECHA_OK);
  CHECK(released.count.exchange(0) == 1);
  CHECK(set("store", "", nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 1);
  CHECK(set("nowhere", "k", nullptr) == MECHA_NOT_FOUND);
  CHECK(released.count.exchange(0) == 1);
  call.flags = 1u << 31;
  CHECK(set("store", "k", &call) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 1);
  call = NewCall();
  call.queue = world.queue;
  CHECK(world.Submit() == MECHA_PENDING);
  CHECK(set("store", "k", &call) == MECHA_BUSY);
  CHECK(released.count.exchange(0) == 1);
  mecha_state_set_options options{};  // struct_size is missing
  CHECK(mecha_state_set(world.runtime, nullptr, View("store"), View("k"), released.Lend("x"),
                        &options, nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 1);
  CHECK(mecha_state_set(nullptr, nullptr, View("store"), View("k"), released.Lend("x"), nullptr,
                        nullptr) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 1);
}

TEST_CASE("release runs once for every write of a batch") {
  CWorld world;
  Released released;
  std::array<mecha_state_op, 3> ops{};
  for (size_t i = 0; i < ops.size(); ++i) {
    ops[i].kind = MECHA_STATE_SET;
    ops[i].key = View(i == 1 ? "" : "k");  // one is wrong
    ops[i].value = released.Lend("x");
  }
  const auto apply = [&](uint32_t atomic) {
    mecha_state_apply_options options{};
    options.struct_size = sizeof options;
    options.atomic = atomic;
    return mecha_state_apply(world.runtime, nullptr, View("store"), ops.data(), ops.size(),
                             &options, nullptr);
  };
  CHECK(apply(0) == MECHA_PARTIAL);
  CHECK(released.count.exchange(0) == 3);
  CHECK(apply(1) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 3);
  ops[2].kind = 9;  // no operation comes of it at all
  CHECK(apply(0) == MECHA_INVALID_ARGUMENT);
  CHECK(released.count.exchange(0) == 3);
}

TEST_CASE("a closed queue gives CLOSED, and its descriptor stays until it is freed") {
  CWorld world;
  world.OpenQueue();
  const int fd = mecha_queue_fd(world.queue);
  REQUIRE(fd >= 0);
  REQUIRE(world.Submit() == MECHA_PENDING);
  CHECK(mecha_queue_close(world.queue) == MECHA_OK);
  CHECK(mecha_queue_close(world.queue) == MECHA_OK);
  CHECK(mecha_queue_fd(world.queue) == fd);
  mecha_event event{};
  CHECK(mecha_queue_poll(world.queue, &event, 1) == MECHA_CLOSED);
  CHECK(mecha_queue_wait(world.queue, &event, 1, -1) == MECHA_CLOSED);
  CHECK(mecha_queue_wake(world.queue) == MECHA_CLOSED);
  CHECK(world.Submit() == MECHA_CLOSED);
}

TEST_CASE("after shutdown events can be polled until none is left, then CLOSED") {
  CWorld world;
  world.OpenQueue();
  REQUIRE(world.Submit(7) == MECHA_PENDING);
  CHECK(mecha_runtime_shutdown(world.runtime, 0, nullptr) == MECHA_OK);
  CHECK(mecha_runtime_shutdown(world.runtime, 0, nullptr) == MECHA_CLOSED);
  CHECK(world.Submit() == MECHA_CLOSED);
  CHECK(world.Get("k") == MECHA_CLOSED);
  mecha_runtime_free(world.runtime);
  world.runtime = nullptr;
  const auto events = world.Poll();
  REQUIRE(events.size() == 1);
  CHECK(events[0].token == 7);
  mecha_event event{};
  CHECK(mecha_queue_poll(world.queue, &event, 1) == MECHA_CLOSED);
}

TEST_CASE("a queue and its waiters live through suspend") {
  CWorld world;
  world.OpenQueue();
  CHECK(mecha_runtime_suspend(world.runtime, 1'000'000'000, 0, nullptr) == MECHA_OK);
  CHECK(world.Submit() == MECHA_SUSPENDED);
  CHECK(world.Get("k") == MECHA_SUSPENDED);
  CHECK(mecha_runtime_resume(world.runtime, nullptr) == MECHA_OK);
  CHECK(world.Submit() == MECHA_PENDING);
  CHECK(world.Poll().size() == 1);
}

TEST_CASE("a queue of another runtime is refused") {
  CWorld world;
  CWorld other;
  other.OpenQueue();
  mecha_call call = NewCall();
  call.queue = other.queue;
  CHECK(world.Get("k", &call) == MECHA_INVALID_ARGUMENT);
}

// What a callback saw when it called back.
struct Seen {
  CWorld* world = nullptr;
  Moment delivered;
  std::atomic<int> count{0};
  mecha_status blocking = MECHA_UNKNOWN;
  mecha_status waiting = MECHA_UNKNOWN;
  mecha_status shutdown = MECHA_UNKNOWN;
  mecha_status ping = MECHA_UNKNOWN;
  mecha_status submitted = MECHA_UNKNOWN;

  static void Deliver(void* user, const mecha_event* events, size_t count) {
    auto* seen = static_cast<Seen*>(user);
    for (size_t i = 0; i < count; ++i) {
      mecha_result_release(events[i].result);
    }
    if (seen->count.fetch_add(static_cast<int>(count)) == 0) {
      mecha_event event{};
      seen->blocking = seen->world->Get("k");
      seen->ping = mecha_component_ping(seen->world->runtime, nullptr, View("store"), nullptr);
      seen->waiting = mecha_queue_wait(seen->world->queue, &event, 1, 0);
      seen->shutdown = mecha_runtime_shutdown(seen->world->runtime, 0, nullptr);
      seen->submitted = seen->world->Submit();
    }
    seen->delivered.Come();
  }
};

TEST_CASE("a callback on an I/O thread must not block, but may submit") {
  const bool host_runs = GENERATE(false, true);
  CWorld world(host_runs ? MECHA_OPEN_HOST_THREADS : 0);
  Seen seen;
  seen.world = &world;
  world.OpenCallback(Seen::Deliver, &seen);
  REQUIRE(world.Submit() == MECHA_PENDING);
  if (host_runs) {
    CHECK(seen.count.load() == 0);  // never inside the call
    while (seen.count.load() < 2) {
      REQUIRE(mecha_runtime_run(world.runtime, 1'000'000'000) >= 0);
    }
  }
  REQUIRE(seen.delivered.Await(2));
  CHECK(seen.blocking == MECHA_REENTRANT);
  CHECK(seen.ping == MECHA_REENTRANT);
  CHECK(seen.waiting == MECHA_REENTRANT);
  CHECK(seen.shutdown == MECHA_REENTRANT);
  CHECK(seen.submitted == MECHA_PENDING);
  CHECK(seen.count.load() == 2);
}

TEST_CASE("a callback that may block calls what blocks, but never what ends its own thread") {
  const bool host_runs = GENERATE(false, true);
  CWorld world(host_runs ? MECHA_OPEN_HOST_THREADS : 0);
  Seen seen;
  seen.world = &world;
  world.OpenCallback(Seen::Deliver, &seen, MECHA_QUEUE_BLOCKING);
  REQUIRE(world.Submit() == MECHA_PENDING);
  while (host_runs && seen.count.load() < 2) {
    REQUIRE(mecha_runtime_run(world.runtime, 1'000'000'000) >= 0);
  }
  REQUIRE(seen.delivered.Await(2));
  CHECK(seen.blocking == MECHA_NOT_FOUND);
  CHECK(seen.ping == MECHA_OK);
  CHECK(seen.shutdown == MECHA_REENTRANT);
  CHECK(seen.submitted == MECHA_PENDING);
}

TEST_CASE("a callback queue cannot be polled") {
  CWorld world;
  Seen seen;
  world.OpenCallback(Seen::Deliver, &seen);
  mecha_event event{};
  CHECK(mecha_queue_fd(world.queue) == -1);
  CHECK(mecha_queue_poll(world.queue, &event, 1) == MECHA_FAILED_PRECONDITION);
  CHECK(mecha_queue_wait(world.queue, &event, 1, 0) == MECHA_FAILED_PRECONDITION);
}

// Frees the queue, then the runtime, inside the callback.
struct Freeing {
  CWorld* world = nullptr;
  Moment freed;
  static void Deliver(void* user, const mecha_event* events, size_t count) {
    auto* freeing = static_cast<Freeing*>(user);
    for (size_t i = 0; i < count; ++i) {
      mecha_result_release(events[i].result);
    }
    mecha_queue_free(freeing->world->queue);
    mecha_runtime_free(freeing->world->runtime);
    freeing->freed.Come();
  }
};

TEST_CASE("queue and runtime may be freed inside a callback") {
  const uint32_t flags = GENERATE(0u, uint32_t{MECHA_QUEUE_BLOCKING});
  const uint32_t open = GENERATE(0u, uint32_t{MECHA_OPEN_HOST_THREADS});
  CWorld world(open);
  Freeing freeing;
  freeing.world = &world;
  world.OpenCallback(Freeing::Deliver, &freeing, flags);
  REQUIRE(world.Submit() == MECHA_PENDING);
  if (open != 0) {
    CHECK(mecha_runtime_run(world.runtime, 0) == 1);
  }
  CHECK(freeing.freed.Await());
  world.queue = nullptr;
  world.runtime = nullptr;
}

TEST_CASE("shutdown where the host runs the loop does the work that is left itself") {
  CWorld world(MECHA_OPEN_HOST_THREADS);
  struct Count {
    std::atomic<int> events{0};
    static void Deliver(void* user, const mecha_event* events, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        mecha_result_release(events[i].result);
      }
      static_cast<Count*>(user)->events.fetch_add(static_cast<int>(count));
    }
  } count;
  world.OpenCallback(Count::Deliver, &count);
  REQUIRE(world.Submit() == MECHA_PENDING);
  CHECK(mecha_runtime_shutdown(world.runtime, 1'000'000'000, nullptr) == MECHA_OK);
  CHECK(count.events.load() == 1);
  CHECK(mecha_runtime_run(world.runtime, -1) == MECHA_CLOSED);
}

TEST_CASE("shutdown wakes the threads that were lent") {
  CWorld world(MECHA_OPEN_HOST_THREADS);
  std::atomic<int> inside{0};
  const auto lend = [&] {
    inside.fetch_add(1);
    while (mecha_runtime_run(world.runtime, -1) >= 0) {
    }
  };
  std::thread one(lend);
  std::thread two(lend);
  REQUIRE(AwaitThat([&] { return inside.load() == 2; }));
  CHECK(mecha_runtime_shutdown(world.runtime, 0, nullptr) == MECHA_OK);
  one.join();
  two.join();
}

TEST_CASE("submits from many threads while the runtime shuts down lose no event") {
  for (int round = 0; round < 20; ++round) {
    CWorld world;
    world.OpenQueue();
    std::atomic<int> pending{0};
    std::array<std::thread, 3> submitters;
    for (std::thread& submitter : submitters) {
      submitter = std::thread([&] {
        while (world.Submit() == MECHA_PENDING) {
          pending.fetch_add(1);
        }
      });
    }
    REQUIRE(AwaitThat([&] { return pending.load() > 10; }));
    CHECK(mecha_runtime_shutdown(world.runtime, 1'000'000'000, nullptr) == MECHA_OK);
    for (std::thread& submitter : submitters) {
      submitter.join();
    }
    size_t events = 0;
    std::array<mecha_event, 64> some{};
    int32_t count = 0;
    while ((count = mecha_queue_poll(world.queue, some.data(), some.size())) >= 0) {
      for (int32_t i = 0; i < count; ++i) {
        mecha_result_release(some[i].result);
      }
      events += static_cast<size_t>(count);
    }
    CHECK(count == MECHA_CLOSED);
    CHECK(events == static_cast<size_t>(pending.load()));
  }
}

TEST_CASE("in a forked child everything answers FORKED at once") {
  CWorld world;
  world.OpenQueue();
  REQUIRE(world.Submit() == MECHA_PENDING);
  const pid_t child = fork();
  if (child == 0) {
    mecha_event event{};
    int wrong = 0;
    wrong += world.Get("k") != MECHA_FORKED;
    wrong += world.Submit() != MECHA_FORKED;
    wrong += mecha_queue_poll(world.queue, &event, 1) != MECHA_FORKED;
    wrong += mecha_queue_wait(world.queue, &event, 1, -1) != MECHA_FORKED;
    wrong += mecha_queue_wake(world.queue) != MECHA_FORKED;
    wrong += mecha_queue_close(world.queue) != MECHA_FORKED;
    wrong += mecha_queue_fd(world.queue) != -1;
    wrong += mecha_runtime_suspend(world.runtime, 0, 0, nullptr) != MECHA_FORKED;
    wrong += mecha_runtime_shutdown(world.runtime, 0, nullptr) != MECHA_FORKED;
    wrong += mecha_runtime_start(world.runtime, nullptr) != MECHA_FORKED;
    wrong += mecha_runtime_cancel(world.runtime, 1) != MECHA_FORKED;
    wrong += mecha_runtime_run(world.runtime, 0) != MECHA_FORKED;
    wrong += mecha_component_ping(world.runtime, nullptr, View("store"), nullptr) != MECHA_FORKED;
    mecha_queue_free(world.queue);
    mecha_runtime_free(world.runtime);
    _exit(wrong);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(world.Poll().size() == 1);  // the parent goes on
}

}  // namespace
}  // namespace mecha
