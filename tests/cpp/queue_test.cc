// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "stores.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

mecha::Queue OpenQueue(const mecha::Runtime& runtime) {
  mecha::Result<mecha::Queue> queue = mecha::Queue::Open(runtime);
  REQUIRE(queue.ok());
  return std::move(queue).value();
}

// The one event that is expected next.
mecha::Event NextEvent(mecha::Queue& queue) {
  mecha::Result<mecha::Event> event = queue.Next(seconds(10));
  REQUIRE(event.ok());
  REQUIRE(static_cast<bool>(*event));
  return std::move(event).value();
}

}  // namespace

TEST_CASE("every asynchronous form reports once, with its token and its type") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::Queue queue = OpenQueue(runtime);

  CHECK(orders.SetAsync(queue, 1, mecha::Write::Set("key", "value")).pending());
  mecha::Event set = NextEvent(queue);
  CHECK(set.token() == 1);
  CHECK(set.kind() == MECHA_EVENT_COMPLETION);
  CHECK_FALSE(set.Take<mecha::Written>()->etag().empty());

  CHECK(orders.GetAsync(queue, 2, "key").pending());
  mecha::Event get = NextEvent(queue);
  CHECK(get.token() == 2);
  CHECK(get.answer().size() == 1);
  CHECK(get.Take<mecha::Value>()->bytes() == "value");

  CHECK(orders.GetManyAsync(queue, 3, {"key", "absent"}).pending());
  CHECK(NextEvent(queue).Take<mecha::Values>()->size() == 2);

  CHECK(orders.ApplyAsync(queue, 4, {mecha::Write::Set("a", "1"), mecha::Write::Set("b", "2")})
            .pending());
  CHECK(NextEvent(queue).Take<mecha::Outcomes>()->size() == 2);

  CHECK(orders.ListAsync(queue, 5, "a").pending());
  CHECK(NextEvent(queue).Take<mecha::Page>()->size() == 1);

  CHECK(orders.DeleteAsync(queue, 6, "key").pending());
  CHECK(NextEvent(queue).Take<mecha::Written>().ok());

  CHECK(orders.GetAsync(queue, 7, "key").pending());
  mecha::Event absent = NextEvent(queue);
  CHECK(absent.status() == mecha::Status::kNotFound);
  CHECK_FALSE(absent.Take<mecha::Value>()->found());
}

TEST_CASE("a submit that fails is over at once and has no event") {
  const mecha::Runtime runtime = StartedRuntime();
  mecha::Queue queue = OpenQueue(runtime);
  mecha::Event failed = runtime.state("nowhere").GetAsync(queue, 1, "key");
  if (failed.pending()) failed = NextEvent(queue);
  CHECK(failed.status() == mecha::Status::kNotFound);
  const mecha::Result<mecha::Value> value = failed.Take<mecha::Value>();
  CHECK_FALSE(value.ok());
  std::array<mecha::Event, 4> events;
  CHECK(*queue.Poll(events.data(), events.size()) == 0);
}

TEST_CASE("a call that may finish inline needs no event") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  REQUIRE(orders.Set("key", "value").ok());
  mecha::Queue queue = OpenQueue(runtime);
  mecha::CallOptions call;
  call.may_finish_inline = true;
  mecha::Event event = orders.GetAsync(queue, 1, "key", {}, call);
  if (event.pending()) event = NextEvent(queue);
  CHECK(event.Take<mecha::Value>()->bytes() == "value");
}

TEST_CASE("inputs need not outlive the submit") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::Queue queue = OpenQueue(runtime);
  constexpr int kWrites = 100;
  for (int i = 0; i < kWrites; ++i) {
    std::string key = "key-" + std::to_string(i);
    std::string value(100, static_cast<char>('a' + i % 26));
    std::vector<mecha::Write> writes = {mecha::Write::Set(key, value)};
    mecha::CallOptions call;
    call.borrows_inputs = true;  // the wrapper's own arrays are copied all the same
    REQUIRE(orders.ApplyAsync(queue, static_cast<std::uint64_t>(i), writes, {}, call).pending());
    key.assign(key.size(), '#');
    value.assign(value.size(), '#');
  }
  for (int i = 0; i < kWrites; ++i) CHECK(NextEvent(queue).Take<mecha::Outcomes>().ok());
  for (int i = 0; i < kWrites; ++i) {
    const mecha::Result<mecha::Value> value = orders.Get("key-" + std::to_string(i));
    CHECK(value->bytes() == std::string(100, static_cast<char>('a' + i % 26)));
  }
}

TEST_CASE("the descriptor is readable exactly while events wait") {
  const mecha::Runtime runtime = StartedRuntime();
  mecha::Queue queue = OpenQueue(runtime);
  const auto is_readable = [&](int timeout_ms) {
    pollfd descriptor = {queue.fd(), POLLIN, 0};
    return poll(&descriptor, 1, timeout_ms) == 1;
  };
  REQUIRE(queue.fd() >= 0);
  CHECK_FALSE(is_readable(0));
  REQUIRE(runtime.state("orders").GetAsync(queue, 1, "key").pending());
  CHECK(is_readable(10000));
  std::array<mecha::Event, 4> events;
  CHECK(*queue.Poll(events.data(), events.size()) == 1);
  CHECK(events[0].token() == 1);
  CHECK_FALSE(is_readable(0));
}

TEST_CASE("many events are taken in batches, each once") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::Queue queue = OpenQueue(runtime);
  constexpr std::uint64_t kCalls = 500;
  for (std::uint64_t token = 0; token < kCalls; ++token) {
    REQUIRE(orders.GetAsync(queue, token, "key").pending());
  }
  std::map<std::uint64_t, int> seen;
  std::vector<mecha::Event> events(200);
  while (seen.size() < kCalls) {
    const mecha::Result<std::size_t> count = queue.Wait(events.data(), events.size(), seconds(10));
    REQUIRE(count.ok());
    REQUIRE(*count > 0);
    for (std::size_t i = 0; i < *count; ++i) ++seen[events[i].token()];
  }
  for (const auto& [token, times] : seen) CHECK(times == 1);
}

TEST_CASE("wait ends on a time-out, on a wake and on a close") {
  const mecha::Runtime runtime = StartedRuntime();
  mecha::Queue queue = OpenQueue(runtime);
  CHECK_FALSE(static_cast<bool>(*queue.Next(milliseconds(1))));
  REQUIRE(queue.Wake() == mecha::Status::kOk);
  CHECK_FALSE(static_cast<bool>(*queue.Next(seconds(10))));
  std::thread closer([&] { CHECK(queue.Close() == mecha::Status::kOk); });
  const mecha::Result<mecha::Event> closed = queue.Next(seconds(10));
  closer.join();
  CHECK(closed.status() == mecha::Status::kClosed);
  CHECK(queue.Close() == mecha::Status::kOk);
}

TEST_CASE("a callback queue hands events to its handler, never two at a time") {
  struct Handler {
    void operator()(mecha::Event event) {
      const bool is_alone = !is_running.exchange(true);
      const std::lock_guard lock(mutex);
      overlaps += is_alone ? 0 : 1;
      sum += event.token();
      ++count;
      is_running = false;
      changed.notify_all();
    }
    std::atomic<bool> is_running{false};
    std::mutex mutex;
    std::condition_variable changed;
    int count = 0;
    int overlaps = 0;
    std::uint64_t sum = 0;
  };
  Handler handler;
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::Result<mecha::Queue> queue = mecha::Queue::OpenCallback(runtime, handler);
  REQUIRE(queue.ok());
  CHECK(queue->fd() == -1);
  const mecha::State orders = runtime.state("orders");
  for (std::uint64_t token = 1; token <= 100; ++token) {
    REQUIRE(orders.GetAsync(*queue, token, "key").pending());
  }
  std::unique_lock lock(handler.mutex);
  CHECK(handler.changed.wait_for(lock, seconds(10), [&] { return handler.count == 100; }));
  CHECK(handler.sum == 5050);
  CHECK(handler.overlaps == 0);
}

TEST_CASE("an event that is moved or overwritten releases its result once") {
  const mecha::Runtime runtime = StartedRuntime();
  const mecha::State orders = runtime.state("orders");
  mecha::Queue queue = OpenQueue(runtime);
  REQUIRE(orders.GetAsync(queue, 1, "key").pending());
  REQUIRE(orders.GetAsync(queue, 2, "key").pending());
  mecha::Event event = NextEvent(queue);
  event = NextEvent(queue);
  mecha::Event moved = std::move(event);
  CHECK(moved.answer().get() != nullptr);
  CHECK(event.answer().get() == nullptr);
}

TEST_CASE("a queue can be moved, and outlive its runtime") {
  std::optional<mecha::Queue> kept;
  {
    const mecha::Runtime runtime = StartedRuntime();
    mecha::Queue queue = OpenQueue(runtime);
    REQUIRE(runtime.state("orders").GetAsync(queue, 1, "key").pending());
    CHECK(NextEvent(queue).token() == 1);
    kept.emplace(std::move(queue));
    CHECK(queue.get() == nullptr);
  }
  CHECK(kept->Next(milliseconds(1)).status() == mecha::Status::kClosed);
}
