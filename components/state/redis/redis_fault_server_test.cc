// SPDX-License-Identifier: Apache-2.0
// state.redis over a network that holds back, cuts short, repeats or swallows what the server says.
#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "redis_state_request.h"
#include "redis_store_fixture.h"
#include "redis_witness.h"
#include "support/fault_proxy.h"
#include "support/moment.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using test::AwaitThat;
using test::Faults;
using Kind = test::Faults::Kind;
using Way = RedisWitness::Way;

// A store that reaches its server through the proxy.
struct ProxyFixture {
  ProxyFixture() {
    TestCall call;
    const Settings settings = MakeSettings({{"redisHost", proxy.address()},
                                            {"readTimeout", "300ms"},
                                            {"dialTimeout", "300ms"},
                                            {"poolSize", "20"}});
    REQUIRE(store.Init(call.context, settings, host).ok());
  }
  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  // Runs `work` on so many threads at once, giving each its number.
  template <class Work>
  static void Crowd(size_t threads, Work work) {
    std::vector<std::thread> crowd;
    for (size_t i = 0; i < threads; ++i) {
      crowd.emplace_back([&work, i] { work(i); });
    }
    for (std::thread& thread : crowd) {
      thread.join();
    }
  }

  test::TestRedis server;
  test::FaultProxy proxy{server.port()};
  test::TestHost host;
  RedisStateStore store;
  StoreUser user{store};
};

// One caller on a line, which the store would use for a crowd only.
class OneOnALine {
 public:
  explicit OneOnALine(ProxyFixture& fixture)
      : options_(*ReadRedisOptions(
            MakeSettings({{"redisHost", fixture.proxy.address()}, {"readTimeout", "300ms"}}))),
        line_(fixture.host, options_) {}
  ~OneOnALine() { line_.Close(); }
  OneOnALine(const OneOnALine&) = delete;
  OneOnALine& operator=(const OneOnALine&) = delete;

  StatusOr<StateValue> Get(std::string_view key, Deadline deadline = Deadline::Never()) {
    const TestCall call(deadline);
    StatusOr<StateValue> value = Internal("not run");
    ReadRequest request(call.context, key,
                        [&](StatusOr<StateValue> read) { value = std::move(read); });
    line_.Run(call.context, request);
    request.Complete();
    return value;
  }

 private:
  RedisOptions options_;
  RedisLine line_;
};

// The lines need more than 16 callers; so many are sure to be inside together.
constexpr size_t kCrowd = 28;

// Writers of every way in, each for `time`; the first thing that was wrong, or nothing.
std::string RunWitnesses(ProxyFixture& fixture, size_t blocking, size_t queues, Duration time) {
  const auto end = std::chrono::steady_clock::now() + time;
  std::deque<RedisWitness> witnesses;
  for (size_t i = 0; i < blocking + queues; ++i) {
    const Way way = i < blocking ? Way::kBlocking : Way::kQueue;
    witnesses.emplace_back(fixture.store, fixture.host, "w" + std::to_string(i), way);
  }
  ProxyFixture::Crowd(witnesses.size(), [&](size_t index) {
    std::mt19937 random(static_cast<unsigned>(index));
    while (std::chrono::steady_clock::now() < end) {
      witnesses[index].Step(milliseconds(5 + random() % 200));
    }
  });
  fixture.proxy.Set({});
  std::string wrong;
  for (RedisWitness& witness : witnesses) {
    witness.Finish();
    wrong = wrong.empty() ? witness.wrong() : wrong;
  }
  size_t successes = 0;
  for (const RedisWitness& witness : witnesses) {
    successes += witness.successes();
  }
  return wrong.empty() && successes < witnesses.size() ? "hardly a write got through" : wrong;
}

TEST_CASE("late, cut and torn replies: each caller gets its own, in time, and nothing is lost") {
  ProxyFixture fixture;
  fixture.proxy.Set({{Kind::kDelay, 30, milliseconds(40)},
                     {Kind::kTruncate, 10},
                     {Kind::kCut, 10},
                     {Kind::kSilence, 20}});
  SECTION("few callers and queues") {
    CHECK(RunWitnesses(fixture, 6, 6, std::chrono::seconds(3)) == "");
  }
  SECTION("a crowd and queues") {
    CHECK(RunWitnesses(fixture, kCrowd, 4, std::chrono::seconds(3)) == "");
  }
  CHECK(fixture.proxy.struck() > 50);
  // The pool's, two lines' and the channel's.
  CHECK(AwaitThat([&] { return fixture.proxy.open() <= 23; }));
  CHECK(fixture.host.logs().size() < 10);
}

TEST_CASE("a server that accepts and never answers is given up on every way in") {
  ProxyFixture fixture;
  const auto try_all = [&](Duration time, std::atomic<int>& good, std::atomic<int>& odd) {
    const auto count = [&](const Status& status) {
      good.fetch_add(status.ok() ? 1 : 0);
      odd.fetch_add(status.ok() || IsUnavailable(status) || IsDeadlineExceeded(status) ? 0 : 1);
    };
    ProxyFixture::Crowd(kCrowd, [&](size_t index) {
      const std::string key = "k" + std::to_string(index);
      test::QueuedCall queued(fixture.In(time));
      queued.Set(fixture.store, "q" + key, "v");
      TestCall call(fixture.In(time));
      count(StoreUser(fixture.store).Write(SetOf(key, "v"), &call.context).status());
      count(queued.Await() ? queued.etag.status() : Internal("never ended"));
    });
  };
  OneOnALine line(fixture);
  CHECK(IsNotFound(line.Get("k").status()));
  std::atomic<int> good{0};
  std::atomic<int> odd{0};
  try_all(std::chrono::seconds(20), good, odd);
  CHECK(good == 2 * kCrowd);
  fixture.proxy.Set({{Kind::kSilence}});
  good = 0;
  // Deadlines nearer than readTimeout: no single call waits long enough to notice.
  const auto end = std::chrono::steady_clock::now() + milliseconds(800);
  while (std::chrono::steady_clock::now() < end) {
    try_all(milliseconds(50), good, odd);
    CHECK_FALSE(IsNotFound(line.Get("k", fixture.In(milliseconds(50))).status()));
  }
  CHECK(good == 0);
  // What was open before stays silent for ever: only new connections help.
  fixture.proxy.Set({});
  CHECK(AwaitThat([&] {
    good = 0;
    try_all(milliseconds(200), good, odd);
    return good == 2 * kCrowd;
  }));
  CHECK(
      AwaitThat([&] { return IsNotFound(line.Get("k", fixture.In(milliseconds(100))).status()); }));
  CHECK(odd == 0);
}

TEST_CASE("a reply that comes twice is noticed, and nobody gets the copy") {
  ProxyFixture fixture;
  const Faults faults =
      GENERATE(Faults{Kind::kDuplicate}, Faults{Kind::kEcho, 1000, milliseconds(5)});
  for (const std::string key : {"a", "b", "c"}) {
    REQUIRE(fixture.user.Write(SetOf(key, "value of " + key)).ok());
  }
  OneOnALine line(fixture);
  fixture.proxy.Set({faults});
  const size_t before = fixture.proxy.accepted();
  for (int round = 0; round < 20; ++round) {
    for (const std::string key : {"a", "b", "c"}) {
      const std::string expected = "value of " + key;
      CHECK(fixture.user.Read(key) == expected);
      test::QueuedCall queued;
      queued.Get(fixture.store, key);
      REQUIRE(queued.Await());
      CHECK((queued.value.ok() && queued.value->data.view() == expected));
      const auto value = line.Get(key);
      CHECK((value.ok() && value->data.view() == expected));
      // Until a late copy is there, and the connection has rested: the next call finds it.
      REQUIRE(AwaitThat([&] { return fixture.proxy.held() == 0; }));
      std::this_thread::sleep_for(milliseconds(faults.kind == Kind::kEcho ? 2 : 0));
    }
  }
  // Each of them cost its connection.
  CHECK(fixture.proxy.accepted() > before + 100);
}

}  // namespace
}  // namespace MECHA_COMPONENT
