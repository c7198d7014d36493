// SPDX-License-Identifier: Apache-2.0
// state.redis where many share a connection: queue operations on the channel, crowds on the lines.
#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "redis/redis_line.h"
#include "redis_state_request.h"
#include "redis_store_fixture.h"
#include "support/moment.h"
#include "support/queued_call.h"

namespace MECHA_COMPONENT {
namespace {

using test::AreDone;
using test::AwaitThat;
using test::QueuedCall;

Deadline Soon(test::TestHost& host, Duration time) {
  return Deadline::After(host.clock().Now(), time);
}

TEST_CASE_METHOD(RedisStoreFixture, "queued operations share one connection, each its own reply") {
  std::deque<QueuedCall> sets(500);
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].Set(store, "k" + std::to_string(i), "v" + std::to_string(i));
  }
  REQUIRE(AreDone(sets));
  std::deque<QueuedCall> gets(500);
  for (size_t i = 0; i < gets.size(); ++i) {
    gets[i].Get(store, "k" + std::to_string(i));
  }
  REQUIRE(AreDone(gets));
  for (size_t i = 0; i < gets.size(); ++i) {
    REQUIRE(sets[i].etag.ok());
    REQUIRE(gets[i].value.ok());
    CHECK(gets[i].value->data.view() == "v" + std::to_string(i));
    CHECK(gets[i].value->etag.view() == sets[i].etag->view());
  }
  // The pool's, the channel's and the one that asks.
  CHECK(server.Command({"INFO", "clients"}).find("connected_clients:3") != std::string::npos);
}

// The server's number for the connection that read last.
std::string ReaderId(test::TestRedis& server) {
  const std::string clients = server.Command({"CLIENT", "LIST"});
  const size_t reader = clients.find("cmd=hmget");
  if (reader == clients.npos) {
    return "";
  }
  const size_t start = clients.rfind("id=", clients.rfind(" addr=", reader));
  return clients.substr(start, clients.find(' ', start) - start);
}

// `read` reads once over a connection that is shared.
template <class Read>
void CheckReplaced(RedisStoreFixture& fixture, Read read) {
  read();
  const std::string first = ReaderId(fixture.server);
  REQUIRE(!first.empty());
  fixture.host.Advance(std::chrono::seconds(40));
  read();
  CHECK(ReaderId(fixture.server) == first);
  fixture.host.Advance(std::chrono::seconds(61));
  read();
  CHECK(ComesTrue([&] {
    const std::string now = ReaderId(fixture.server);
    return !now.empty() && now != first;
  }));
}

TEST_CASE("a shared connection that is old, or has rested for too long, is replaced") {
  const Fields fields = GENERATE(Fields{{"idleTimeout", "60s"}},
                                 Fields{{"idleTimeout", "-1"}, {"maxConnAge", "60s"}});
  RedisStoreFixture fixture({}, fields);
  SECTION("of the channel") {
    CheckReplaced(fixture, [&] {
      QueuedCall get;
      get.Get(fixture.store, "k");
      REQUIRE(get.Await());
      CHECK(IsNotFound(get.value.status()));
    });
  }
  SECTION("of a line") {
    Fields of_line = fields;
    of_line.emplace("redisHost", "127.0.0.1:" + std::to_string(fixture.server.port()));
    const auto options = ReadRedisOptions(MakeSettings(of_line));
    REQUIRE(options.ok());
    RedisLine line(fixture.host, *options);
    CheckReplaced(fixture, [&] {
      TestCall call;
      Status status;
      ReadRequest request(call.context, "k",
                          [&](StatusOr<StateValue> value) { status = value.status(); });
      line.Run(call.context, request);
      request.Complete();
      CHECK(IsNotFound(status));
    });
  }
}

TEST_CASE_METHOD(RedisStoreFixture, "a forgotten script and a plain string take a second command") {
  REQUIRE(server.Command({"SCRIPT", "FLUSH"}).starts_with("+OK"));
  REQUIRE(server.Command({"SET", "plain", "old"}).starts_with("+OK"));
  std::deque<QueuedCall> operations(3);
  operations[0].Set(store, "k", "v");
  operations[1].Get(store, "plain");
  operations[2].Get(store, "absent");
  REQUIRE(AreDone(operations));
  CHECK(operations[0].etag.ok());
  REQUIRE(operations[1].value.ok());
  CHECK(operations[1].value->data.view() == "old");
  CHECK(IsNotFound(operations[2].value.status()));
  CHECK(user.Read("k") == "v");
}

TEST_CASE_METHOD(RedisStoreFixture, "what cannot share is asked again on a thread that may block") {
  QueuedCall large;
  large.Set(store, "k", std::string(100'000, 'x'));
  REQUIRE(large.is_done());
  CHECK(HasCode(large.etag.status(), StatusCode::kWouldBlock));
  QueuedCall strong;
  strong.key = "k";
  StateWrite write = SetOf(strong.key, "v");
  write.consistency = Consistency::kStrong;
  store.Write(strong.context, write, [&](StatusOr<Etag> etag) {
    strong.etag = std::move(etag);
    strong.dones.fetch_add(1);
  });
  REQUIRE(strong.is_done());
  CHECK(HasCode(strong.etag.status(), StatusCode::kWouldBlock));
}

TEST_CASE_METHOD(RedisStoreFixture, "a lost server fails what was sent, and is found again") {
  QueuedCall first;
  first.Set(store, "k", "v");
  REQUIRE(AwaitThat([&] { return first.is_done(); }));
  server.Pause();
  std::deque<QueuedCall> sets(20);
  std::deque<QueuedCall> gets(20);
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].Set(store, "k" + std::to_string(i), "w");
    gets[i].Get(store, "k");
  }
  // When this one is too late, all before it have been sent.
  QueuedCall late(Soon(host, std::chrono::milliseconds(200)));
  late.Set(store, "k", "w");
  REQUIRE(late.Await());
  CHECK(late.etag.status().applied() == Applied::kMaybe);
  server.Kill();
  REQUIRE(AreDone(sets));
  REQUIRE(AreDone(gets));
  for (size_t i = 0; i < sets.size(); ++i) {
    CHECK(IsUnavailable(sets[i].etag.status()));
    CHECK(IsUnavailable(gets[i].value.status()));
    CHECK(gets[i].value.status().applied() == Applied::kNo);
  }
  CHECK(sets[0].etag.status().applied() == Applied::kMaybe);
  QueuedCall refused;
  refused.Set(store, "k", "w");
  REQUIRE(AwaitThat([&] { return refused.is_done(); }));
  CHECK(IsUnavailable(refused.etag.status()));
  CHECK(refused.etag.status().applied() == Applied::kNo);
  server.Restart();
  CHECK(AwaitThat([&] {
    QueuedCall again;
    again.Set(store, "k", "w");
    return AwaitThat([&] { return again.is_done(); }) && again.etag.ok();
  }));
  CHECK(AwaitThat([&] { return user.Read("k") == "w"; }));  // the pool finds it on its own
}

TEST_CASE("a paused server: each deadline holds, then readTimeout gives the connection up") {
  RedisStoreFixture fixture({}, {{"readTimeout", "300ms"}});
  QueuedCall opens;
  opens.Get(fixture.store, "k");
  REQUIRE(AwaitThat([&] { return opens.is_done(); }));
  fixture.server.Pause();
  QueuedCall late(Soon(fixture.host, std::chrono::milliseconds(40)));
  QueuedCall patient;
  late.Set(fixture.store, "k", "v");
  patient.Get(fixture.store, "k");
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(AwaitThat([&] { return late.is_done(); }));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(250));
  CHECK(IsDeadlineExceeded(late.etag.status()));
  CHECK(late.etag.status().applied() == Applied::kMaybe);
  CHECK_FALSE(patient.is_done());
  REQUIRE(AwaitThat([&] { return patient.is_done(); }));
  CHECK(IsUnavailable(patient.value.status()));
  CHECK(patient.value.status().message().find("no progress for 300 ms") != std::string_view::npos);
  fixture.server.Continue();
}

TEST_CASE_METHOD(RedisStoreFixture,
                 "queued operations stopped at random end once, with the truth") {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    std::deque<QueuedCall> sets(50);
    std::thread stopper([&, seed = random()] {
      std::mt19937 own(seed);
      for (int i = 0; i < 25; ++i) {
        sets[own() % sets.size()].waiter.Stop(StopCause::kCancelled);
        std::this_thread::yield();
      }
    });
    const std::string text = "round-" + std::to_string(round);
    for (size_t i = 0; i < sets.size(); ++i) {
      sets[i].Set(store, "k" + std::to_string(i), text);
    }
    stopper.join();
    REQUIRE(AreDone(sets));
    for (size_t i = 0; i < sets.size(); ++i) {
      CHECK(sets[i].dones.load() == 1);
      const bool is_written = user.Read("k" + std::to_string(i)) == text;
      const Status status = sets[i].etag.status();
      CHECK((status.ok()
                 ? is_written
                 : IsCancelled(status) && (!is_written || status.applied() == Applied::kMaybe)));
    }
  }
}

// So many threads that lines are used, each with its own keys; `work` returns how often it failed.
template <class Work>
int Crowd(size_t threads, Work work) {
  std::atomic<int> failures{0};
  std::vector<std::thread> crowd;
  for (size_t t = 0; t < threads; ++t) {
    crowd.emplace_back([&, t] { failures.fetch_add(work(t)); });
  }
  for (std::thread& thread : crowd) {
    thread.join();
  }
  return failures.load();
}

TEST_CASE("in a crowd each caller gets its own replies, whatever the others' deadlines do") {
  RedisStoreFixture fixture({}, {{"poolSize", "64"}});
  const int failures = Crowd(48, [&](size_t thread) {
    int wrong = 0;
    StoreUser own(fixture.store);
    std::mt19937 random(static_cast<unsigned>(thread));
    const std::string key = "k" + std::to_string(thread);
    for (int i = 0; i < 200; ++i) {
      const std::string text = key + "-" + std::to_string(i);
      if (!own.Write(SetOf(key, text)).ok() || own.Read(key) != text) {
        ++wrong;
      }
      // A neighbour in a hurry: any outcome in time, but never another one's value.
      TestCall hurried(Soon(fixture.host, std::chrono::microseconds(random() % 400)));
      const auto value = own.Get(key, &hurried.context);
      if (value.ok() ? value->data.view() != text : !IsDeadlineExceeded(value.status())) {
        ++wrong;
      }
    }
    return wrong;
  });
  CHECK(failures == 0);
}

TEST_CASE("a crowd whose server is killed fails in time, and goes on with the next server") {
  RedisStoreFixture fixture({}, {{"poolSize", "64"}});
  std::atomic<bool> is_back{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> crowd;
  std::atomic<int> wrong{0};
  for (size_t t = 0; t < 40; ++t) {
    crowd.emplace_back([&, t] {
      StoreUser own(fixture.store);
      const std::string key = "k" + std::to_string(t);
      while (!is_back.load()) {
        const auto written = own.Write(SetOf(key, "v"));
        failed.fetch_add(written.ok() ? 0 : 1);
        wrong.fetch_add(written.ok() || IsUnavailable(written.status()) ? 0 : 1);
      }
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      // Each line and each pooled connection finds out on its own that the server is another.
      bool is_kept = false;
      while (!is_kept && std::chrono::steady_clock::now() < end) {
        is_kept = own.Write(SetOf(key, "last")).ok() && own.Read(key) == "last";
      }
      wrong.fetch_add(is_kept ? 0 : 1);
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until the crowd is at work
  fixture.server.Kill();
  CHECK(AwaitThat([&] { return failed.load() > 40; }));
  fixture.server.Restart();
  is_back.store(true);
  for (std::thread& thread : crowd) {
    thread.join();
  }
  CHECK(wrong.load() == 0);
}

}  // namespace
}  // namespace MECHA_COMPONENT
