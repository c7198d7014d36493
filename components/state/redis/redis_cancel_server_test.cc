// SPDX-License-Identifier: Apache-2.0
// state.redis under tens of thousands of cancels at random points, over queues and from threads,
// and ended while it works, on the own host of a runtime.
#include <dirent.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "async/runtime_host.h"
#include "redis_store_fixture.h"
#include "support/moment.h"
#include "support/queued_call.h"
#include "support/redis_group.h"

namespace MECHA_COMPONENT {
namespace {

using test::AwaitThat;
using test::QueuedCall;

// Sanitizers make each step many times dearer.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kCancels = 3000;
#else
constexpr size_t kCancels = 20'000;
#endif
constexpr size_t kBatch = 100;
constexpr size_t kThreads = 40;
constexpr size_t kPoolSize = 64;

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) {
    ++count;
  }
  closedir(folder);
  return count;
}

struct CancelFixture {
  CancelFixture() {
    TestCall call;
    const Settings settings =
        MakeSettings({{"redisHost", server.address()}, {"poolSize", std::to_string(kPoolSize)}});
    REQUIRE(store.Init(call.context, settings, host).ok());
  }
  ~CancelFixture() {
    store.Close();
    host.loop().Finish();
  }
  CancelFixture(const CancelFixture&) = delete;
  CancelFixture& operator=(const CancelFixture&) = delete;

  size_t Connections() const {
    const std::string clients = server.Command({"INFO", "clients"});
    return std::stoul(clients.substr(clients.find("connected_clients:") + 18)) - 1;
  }

  test::TestRedis server;
  RuntimeHost host{HostOptions{}};
  RedisStateStore store;
  StoreUser user{store};
};

// A pause of nothing to some microseconds, at random.
void Dawdle(std::mt19937& random, unsigned longest) {
  std::atomic<unsigned> turns{static_cast<unsigned>(random() % (longest + 1))};
  while (turns.load() > 0) {
    turns.fetch_sub(1);
  }
}

// Whether what the store has agrees with what the write said.
bool IsHonest(const Status& status, bool is_written) {
  if (status.ok()) {
    return is_written;
  }
  return IsCancelled(status) && (!is_written || status.applied() == Applied::kMaybe);
}

// One batch over the queue: sets and gets by turns, each cancelled by another thread at some point.
void CancelBatch(CancelFixture& fixture, size_t round, size_t* cancelled) {
  std::deque<QueuedCall> operations(kBatch);
  std::mt19937 random(static_cast<unsigned>(round));
  // The canceller follows the submits at another pace each time, now and then ahead of them.
  const unsigned pace = 1U << (random() % 13);
  std::atomic<bool> is_ready{false};
  std::thread canceller([&, seed = random()] {
    std::mt19937 own(seed);
    is_ready.store(true);
    for (size_t i = 0; i < kBatch; ++i) {
      operations[own() % 8 == 0 ? own() % kBatch : i].waiter.Stop(StopCause::kCancelled);
      Dawdle(own, pace);
    }
  });
  while (!is_ready.load()) {
    std::this_thread::yield();
  }
  const std::string text = "round-" + std::to_string(round);
  for (size_t i = 0; i < kBatch; ++i) {
    const std::string key = "q" + std::to_string(i - i % 2);
    if (i % 2 == 0) {
      operations[i].Set(fixture.store, key, text);
    } else {
      operations[i].Get(fixture.store, key);
    }
    Dawdle(random, pace / 4);
  }
  canceller.join();
  REQUIRE(AreDone(operations));
  std::vector<std::string> names;
  for (size_t i = 0; i < kBatch; i += 2) {
    names.push_back("q" + std::to_string(i));
  }
  const auto stored = fixture.user.GetMany({names.begin(), names.end()});
  REQUIRE(stored.ok());
  for (size_t i = 0; i < kBatch; ++i) {
    const auto& value = (*stored)[i / 2];
    const Status status = i % 2 == 0 ? operations[i].etag.status() : operations[i].value.status();
    const bool is_written = value.ok() && value->data.view() == text;
    const bool is_good = i % 2 == 0 ? IsHonest(status, is_written)
                                    : status.ok() || IsCancelled(status) || IsNotFound(status);
    INFO(round << " " << i << ": " << status.message());
    REQUIRE(operations[i].dones.load() == 1);
    REQUIRE(is_good);
    *cancelled += IsCancelled(status) ? 1 : 0;
  }
}

TEST_CASE("thousands of cancels over a queue: each operation ends once, with the truth") {
  CancelFixture fixture;
  size_t cancelled = 0;
  CancelBatch(fixture, 0, &cancelled);
  const size_t descriptors = OpenDescriptors();
  for (size_t round = 1; round * kBatch <= kCancels; ++round) {
    CancelBatch(fixture, round, &cancelled);
  }
  CHECK(cancelled > kCancels / 10);
  CHECK(OpenDescriptors() <= descriptors + 2);
  CHECK(fixture.Connections() <= 2);  // the pool's, for reading it all again, and the channel's
}

// A thread's calls, one after the other. Before each it cancels the one another thread is at.
struct Caller {
  std::deque<TestCall> calls{kCancels / kThreads};
  std::atomic<size_t> current{0};
  size_t cancelled = 0;
  size_t wrong = 0;

  void CancelCurrent() {
    calls[std::min(current.load(), calls.size() - 1)].waiter.Stop(StopCause::kCancelled);
  }

  void Run(CancelFixture& fixture, const std::string& key, std::deque<Caller>& all) {
    std::mt19937 random(static_cast<unsigned>(key.size() + key.back()));
    StoreUser user(fixture.store);
    std::vector<std::string> open;  // may be applied, and late: their connections are closed
    for (size_t i = 0; i < calls.size(); ++i) {
      current.store(i);
      all[random() % all.size()].CancelCurrent();
      const std::string text = key + "-" + std::to_string(i);
      const Status status = user.Write(SetOf(key, text), &calls[i].context).status();
      cancelled += IsCancelled(status) ? 1 : 0;
      const std::string read = user.Read(key);
      const bool is_late = std::find(open.begin(), open.end(), read) != open.end();
      const bool is_other = read != "<NOT_FOUND>" && !read.starts_with(key + "-");
      const bool is_good = status.ok() ? read == text || is_late : IsHonest(status, read == text);
      wrong += is_other || !is_good ? 1 : 0;
      if (status.applied() == Applied::kMaybe) {
        open.push_back(text);
      }
    }
  }
};

TEST_CASE("thousands of cancels from threads: no reply goes astray, and connections are bounded") {
  CancelFixture fixture;
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  const size_t descriptors = OpenDescriptors();
  std::deque<Caller> callers(kThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { callers[i].Run(fixture, "t" + std::to_string(i), callers); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  size_t cancelled = 0;
  for (const Caller& caller : callers) {
    CHECK(caller.wrong == 0);
    cancelled += caller.cancelled;
  }
  CHECK(cancelled > kCancels / 10);
  // The pool's, the two lines', and none that was forgotten.
  CHECK(AwaitThat([&] { return fixture.Connections() <= 16 + 2; }));
  fixture.store.Suspend(false);
  CHECK(AwaitThat([&] { return fixture.Connections() == 0; }));
  CHECK(OpenDescriptors() <= descriptors + kThreads + 20);
  for (size_t i = 0; i < kThreads; ++i) {
    CHECK(fixture.user.Read("t" + std::to_string(i)).starts_with("t" + std::to_string(i) + "-"));
  }
}

TEST_CASE("a channel that is closed while it opens leaves no connection behind") {
  CancelFixture fixture;
  std::mt19937 random(5);
  for (int round = 0; round < 100; ++round) {
    QueuedCall queued;
    queued.Get(fixture.store, "k");
    Dawdle(random, 1U << (random() % 19));
    fixture.store.Suspend(false);
    REQUIRE(queued.Await());
    REQUIRE(queued.dones.load() == 1);
    const Status status = queued.value.status();
    CHECK((IsNotFound(status) || status.code() == StatusCode::kSuspended));
    CHECK(AwaitThat([&] { return fixture.Connections() == 0; }));
  }
}

TEST_CASE("where no thread was lent yet, suspend and close wait for no job") {
  test::RedisGroup group;
  RuntimeHost host{HostOptions{.host_runs_loop = true}};
  RedisStateStore store;
  TestCall call;
  const Settings settings = MakeSettings({{"redisHost", group.addresses()},
                                          {"failover", "true"},
                                          {"sentinelMasterName", test::RedisGroup::kMasterName}});
  REQUIRE(store.Init(call.context, settings, host).ok());
  StoreUser user(store);
  // The sentinels are to be asked again, and the channel is to be opened: two jobs that wait.
  CHECK(user.Read("k") == "<NOT_FOUND>");
  CHECK(user.Read("k") == "<NOT_FOUND>");
  QueuedCall suspended;
  suspended.Get(store, "k");
  store.Suspend(false);
  REQUIRE(suspended.is_done());
  CHECK(suspended.value.status().code() == StatusCode::kSuspended);
  CHECK(user.Read("k") == "<NOT_FOUND>");
  QueuedCall closed;
  closed.Get(store, "k");
  store.Close();
  REQUIRE(closed.is_done());
  CHECK(closed.value.status().code() == StatusCode::kClosed);
  host.loop().Finish();  // runs what was posted, which finds nothing to do
}

}  // namespace
}  // namespace MECHA_COMPONENT
