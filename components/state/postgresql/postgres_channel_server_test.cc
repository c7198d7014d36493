// SPDX-License-Identifier: Apache-2.0
// state.postgresql where many share a session: queue operations on a channel.
#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "postgres_store_fixture.h"
#include "support/moment.h"
#include "support/queued_call.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using test::AreDone;
using test::AwaitThat;
using test::QueuedCall;

std::string Numbered(const char* word, size_t number) { return word + std::to_string(number); }

// How many sessions the store has open, beside those that ask.
const char* const kSessions =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mecha' AND datname ="
    " current_database()";

TEST_CASE("queued operations share sessions, each with its own result") {
  const auto [layout, mode] =
      GENERATE(std::pair(Layout::kV2, "cache_statement"), std::pair(Layout::kV1, "cache_statement"),
               std::pair(Layout::kV2, "exec"));
  PostgresStoreFixture fixture(layout, {{"queryExecMode", mode}});
  StateStore& store = fixture.opened.store;
  std::deque<QueuedCall> sets(300);
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].Set(store, Numbered("k", i), Numbered("v", i));
  }
  REQUIRE(AreDone(sets));
  std::deque<QueuedCall> gets(400);  // some of what is not there, each key of some twice
  for (size_t i = 0; i < gets.size(); ++i) {
    gets[i].Get(store, Numbered("k", i < 350 ? i : i - 100));
  }
  REQUIRE(AreDone(gets));
  int wrong = 0;
  for (size_t i = 0; i < gets.size(); ++i) {
    const size_t key = i < 350 ? i : i - 100;
    const StatusOr<StateValue>& value = gets[i].value;
    const bool is_right = key < 300 ? value.ok() && value->data.view() == Numbered("v", key) &&
                                          value->etag.view() == sets[key].etag->view()
                                    : IsNotFound(value.status());
    wrong += is_right ? 0 : 1;
  }
  CHECK(wrong == 0);
  const std::string sessions = fixture.Sql(kSessions);
  CHECK((sessions == "2\n" || sessions == "3\n"));  // the pool's one, and one or two channels
}

TEST_CASE_METHOD(PostgresStoreFixture, "what one queued write does wrong spoils no other") {
  StateStore& store = opened.store;
  Sql("ALTER TABLE state ADD CONSTRAINT short CHECK (length(value) < 10)");
  REQUIRE(user.Write(SetOf("there", "v")).ok());
  std::deque<QueuedCall> calls(90);
  for (size_t i = 0; i < calls.size(); ++i) {
    QueuedCall& call = calls[i];
    switch (i % 3) {
      case 0:
        call.Set(store, Numbered("k", i), "v");
        break;
      case 1:
        call.Set(store, Numbered("k", i), "much too long");
        break;
      default:
        call.key = "there";
        call.Write(store, CreateOf(call.key, "w"));
    }
  }
  REQUIRE(AreDone(calls));
  for (size_t i = 0; i < calls.size(); ++i) {
    const Status status = calls[i].etag.status();
    CHECK((i % 3 == 0   ? status.ok()
           : i % 3 == 1 ? IsFailedPrecondition(status)
                        : IsAborted(status)));
    CHECK(status.applied() == Applied::kNo);
    CHECK((i % 3 != 0 || user.Read(Numbered("k", i)) == "v"));
  }
}

TEST_CASE_METHOD(PostgresStoreFixture, "a queued write is told what a blocking one is told") {
  StateStore& store = opened.store;
  std::deque<QueuedCall> calls(4);
  calls[0].Set(store, "k", std::string(100'000, 'x'));
  CHECK(HasCode(calls[0].etag.status(), StatusCode::kWouldBlock));
  calls[1].Set(store, std::string("k\0", 2), "v");
  CHECK(IsInvalidArgument(calls[1].etag.status()));
  calls[2].key = "k";
  calls[2].Write(store, SetIf(calls[2].key, "v", "no etag"));
  CHECK(IsInvalidArgument(calls[2].etag.status()));
  Sql("ALTER TABLE state RENAME TO hidden");
  calls[3].Set(store, "k", "v");
  REQUIRE(AreDone(calls));
  CHECK(IsFailedPrecondition(calls[3].etag.status()));
  Sql("ALTER TABLE hidden RENAME TO state");
  QueuedCall again;
  again.Set(store, "k", "v");
  REQUIRE(again.Await());
  CHECK(again.etag.ok());
}

TEST_CASE_METHOD(PostgresStoreFixture,
                 "a statement that waits for a lock holds nobody up for long") {
  StateStore& store = opened.store;
  REQUIRE(user.Write(SetOf("locked", "old")).ok());
  std::thread blocker([&] {
    Sql("BEGIN; UPDATE state SET value = 'x' WHERE key = 'locked'; SELECT pg_sleep(1); ROLLBACK");
  });
  REQUIRE(AwaitThat([&] {
    return Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0\n";
  }));
  QueuedCall waits(opened.In(milliseconds(150)));
  waits.Set(store, "locked", "new");
  QueuedCall behind(opened.In(milliseconds(150)));
  behind.Set(store, "behind", "v");
  REQUIRE(waits.Await());
  CHECK(IsDeadlineExceeded(waits.etag.status()));
  CHECK(waits.etag.status().applied() == Applied::kMaybe);
  REQUIRE(behind.Await());
  std::this_thread::sleep_for(milliseconds(120));
  QueuedCall other;
  other.Set(store, "other", "v");
  // The first channel is passed over; the second one, or a thread that may block, does it.
  REQUIRE(other.Await());
  CHECK((other.etag.ok() || HasCode(other.etag.status(), StatusCode::kWouldBlock)));
  blocker.join();
  // The write that nobody waits for any more may still come about: after that, not over the newest.
  REQUIRE(AwaitThat([&] {
    return Sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mecha' AND "
               "state = 'active'") == "0\n";
  }));
  CHECK(AwaitThat([&] {
    QueuedCall after;
    after.Set(store, "locked", "newest");
    return after.Await() && after.etag.ok();
  }));
  CHECK(user.Read("locked") == "newest");
}

TEST_CASE("a backend ended in the middle of a pipeline fails what was on it, and only that") {
  PostgresStoreFixture fixture;
  StateStore& store = fixture.opened.store;
  std::atomic<bool> has_ended{false};
  std::thread killer([&] {
    for (int i = 0; i < 20; ++i) {
      fixture.Sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
          " 'mecha' AND datname = current_database()");
      std::this_thread::sleep_for(milliseconds(10));
    }
    has_ended.store(true);
  });
  int wrong = 0;
  size_t failures = 0;
  for (size_t round = 0; !has_ended.load(); ++round) {
    std::deque<QueuedCall> sets(40);
    std::deque<QueuedCall> gets(40);
    const std::string text = Numbered("round-", round);
    for (size_t i = 0; i < sets.size(); ++i) {
      sets[i].Set(store, Numbered("k", i), text + Numbered("-", i));
      gets[i].Get(store, Numbered("k", i));
    }
    REQUIRE(AreDone(sets));
    REQUIRE(AreDone(gets));
    for (size_t i = 0; i < sets.size(); ++i) {
      const Status status = sets[i].etag.status();
      wrong += status.ok() || IsUnavailable(status) ? 0 : 1;
      failures += status.ok() ? 0 : 1;
      // Never another one's value.
      const StatusOr<StateValue>& value = gets[i].value;
      wrong += !value.ok() || value->data.view().ends_with(Numbered("-", i)) ? 0 : 1;
      wrong += value.ok() || value.status().applied() == Applied::kNo ? 0 : 1;
    }
  }
  killer.join();
  CHECK(wrong == 0);
  CHECK(failures > 0);
  CHECK(AwaitThat([&] {
    QueuedCall last;
    last.Set(store, "k", "v");
    return last.Await() && last.etag.ok();
  }));
}

TEST_CASE("a killed server fails what was sent, and is found again") {
  test::TestPostgres server;
  TestStore own(server, "postgres", Layout::kV2);
  REQUIRE(own.Init().ok());
  QueuedCall first;
  first.Set(own.store, "k", "v");
  REQUIRE(first.Await());
  REQUIRE(first.etag.ok());
  server.Pause();
  std::deque<QueuedCall> sets(20);
  std::deque<QueuedCall> gets(20);
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].Set(own.store, Numbered("k", i), "w");
    gets[i].Get(own.store, "k");
  }
  test::Moment sent;  // after the turn that sends the first ones
  own.host.Post([&] { sent.Come(); });
  REQUIRE(sent.Await());
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
  refused.Set(own.store, "k", "w");
  REQUIRE(refused.Await());
  CHECK(IsUnavailable(refused.etag.status()));
  CHECK(refused.etag.status().applied() == Applied::kNo);
  server.Restart();
  CHECK(AwaitThat([&] {
    QueuedCall again;
    again.Set(own.store, "k", "w");
    return again.Await() && again.etag.ok();
  }));
}

TEST_CASE("a paused server: each deadline holds, then the session is given up") {
  test::TestPostgres server;
  TestStore own(server, "postgres", Layout::kV2);
  REQUIRE(own.Init().ok());
  QueuedCall opens;
  opens.Get(own.store, "k");
  REQUIRE(opens.Await());
  server.Pause();
  QueuedCall late(own.In(milliseconds(40)));
  QueuedCall later(own.In(milliseconds(90)));
  late.Set(own.store, "k", "v");
  later.Get(own.store, "k");
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(late.Await());
  REQUIRE(later.Await());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  CHECK(IsDeadlineExceeded(late.etag.status()));
  CHECK(late.etag.status().applied() == Applied::kMaybe);
  CHECK(IsDeadlineExceeded(later.value.status()));
  own.host.Advance(std::chrono::seconds(2));  // nobody waits for that session any more
  server.Continue();
  CHECK(AwaitThat([&] {
    QueuedCall again;
    again.Set(own.store, "k", "w");
    return again.Await() && again.etag.ok();
  }));
}

TEST_CASE("a server out of connections, or with another password, is said to queued calls") {
  test::TestPostgres server({.settings = {"max_connections=6", "superuser_reserved_connections=0"},
                             .wants_passwords = true});
  server.Sql("postgres", "CREATE ROLE app LOGIN PASSWORD 'right-secret'");
  server.Sql("postgres", "GRANT ALL ON SCHEMA public TO app");
  TestStore own(server, "postgres", Layout::kV2, {{"user", "app"}, {"password", "right-secret"}});
  const Status opened = own.Init();
  INFO(opened.message());
  REQUIRE(opened.ok());
  server.Sql("postgres", "ALTER ROLE app PASSWORD 'new-secret'");
  QueuedCall refused;
  refused.Get(own.store, "k");
  REQUIRE(refused.Await());
  CHECK(HasCode(refused.value.status(), StatusCode::kUnauthenticated));
  CHECK(refused.value.status().message().find("secret") == std::string_view::npos);
  CHECK(own.user.Ping().ok());  // a session goes on

  server.Sql("postgres", "ALTER ROLE app PASSWORD 'right-secret'");
  server.Sql("postgres", "ALTER ROLE app CONNECTION LIMIT 1");
  own.host.Advance(std::chrono::seconds(3));
  QueuedCall full;
  full.Set(own.store, "k", "v");
  REQUIRE(full.Await());
  CHECK(HasCode(full.etag.status(), StatusCode::kResourceExhausted));
  CHECK(full.etag.status().applied() == Applied::kNo);
}

TEST_CASE_METHOD(PostgresStoreFixture,
                 "queued operations stopped at random end once, with the truth") {
  StateStore& store = opened.store;
  std::mt19937 random(7);
  int wrong = 0;
  for (int round = 0; round < 25; ++round) {
    std::deque<QueuedCall> sets(40);
    std::thread stopper([&, seed = random()] {
      std::mt19937 own(seed);
      for (int i = 0; i < 20; ++i) {
        sets[own() % sets.size()].waiter.Stop(StopCause::kCancelled);
        std::this_thread::yield();
      }
    });
    const std::string text = Numbered("round-", static_cast<size_t>(round));
    for (size_t i = 0; i < sets.size(); ++i) {
      sets[i].Set(store, Numbered("k", i), text);
    }
    stopper.join();
    REQUIRE(AreDone(sets));
    for (size_t i = 0; i < sets.size(); ++i) {
      const bool is_written = user.Read(Numbered("k", i)) == text;
      const Status status = sets[i].etag.status();
      const bool is_right =
          status.ok() ? is_written
                      : IsCancelled(status) && (!is_written || status.applied() == Applied::kMaybe);
      wrong += is_right && sets[i].dones.load() == 1 ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(PostgresStoreFixture, "suspend ends queued operations and closes their session") {
  StateStore& store = opened.store;
  QueuedCall first;
  first.Set(store, "k", "v");
  REQUIRE(first.Await());
  opened.store.Suspend(false);
  CHECK(AwaitThat([&] { return Sql(kSessions) == "0\n"; }));
  TestCall call;
  REQUIRE(opened.store.Resume(call.context).ok());
  QueuedCall second;
  second.Get(store, "k");
  REQUIRE(second.Await());
  CHECK(second.value.ok());
}

}  // namespace
}  // namespace MECHA_COMPONENT
