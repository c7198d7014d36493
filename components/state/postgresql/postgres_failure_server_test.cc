// SPDX-License-Identifier: Apache-2.0
// state.postgresql when the server, the network or the caller does not go on.
#include <atomic>
#include <thread>

#include "postgres_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool Mentions(const Status& status, std::string_view words) {
  return status.message().find(words) != std::string_view::npos;
}

// Repeats `attempt` until it succeeds, for at most 10 s.
template <class Attempt>
bool EventuallyOk(Attempt attempt) {
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (attempt().ok()) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

// A store on a server that the test may kill.
struct OwnServer {
  explicit OwnServer(test::PostgresServerOptions options = {}, Fields fields = {})
      : server(std::move(options)), test(server, "postgres", Layout::kV2, std::move(fields)) {
    const Status status = test.Init();
    INFO(status.message());
    REQUIRE(status.ok());
  }

  test::TestPostgres server;
  TestStore test;
  StoreUser& user = test.user;
};

TEST_CASE("a killed server is UNAVAILABLE at once, and found again") {
  OwnServer own;
  REQUIRE(own.user.Write(SetOf("k", "v")).ok());
  own.server.Kill();
  CHECK(IsUnavailable(own.user.Get("k").status()));
  const auto refused = own.user.Write(SetOf("k", "w"));
  CHECK(IsUnavailable(refused.status()));
  CHECK(Mentions(refused.status(), "onnection refused"));
  CHECK(Mentions(refused.status(), "127.0.0.1:" + std::to_string(own.server.port())));
  CHECK(refused.status().applied() == Applied::kNo);
  CHECK(Mentions(own.user.Ping(), "next attempt in"));
  own.server.Restart();
  CHECK(EventuallyOk([&] { return own.user.Write(SetOf("k", "w")); }));
  CHECK(own.user.Read("k") == "w");
  CHECK(own.user.Ping().ok());
}

TEST_CASE("after a rest a restarted server fails no call") {
  OwnServer own;
  REQUIRE(own.user.Write(SetOf("k", "v")).ok());
  own.server.Restart();
  own.test.host.Advance(seconds(2));
  CHECK(own.user.Write(SetOf("k", "w")).ok());
  CHECK(own.user.Read("k") == "w");
}

TEST_CASE("a paused server costs a call no more than its deadline") {
  OwnServer own;
  REQUIRE(own.user.Write(SetOf("k", "v")).ok());
  own.server.Pause();
  const auto start = std::chrono::steady_clock::now();
  TestCall get(own.test.In(milliseconds(60)));
  CHECK(IsDeadlineExceeded(own.user.Get("k", &get.context).status()));
  TestCall connect(own.test.In(milliseconds(60)));
  const auto unsent = own.user.Write(SetOf("k", "w"), &connect.context);
  CHECK(IsDeadlineExceeded(unsent.status()));
  CHECK(unsent.status().applied() == Applied::kNo);
  CHECK(std::chrono::steady_clock::now() - start < seconds(2));
  own.server.Continue();
  CHECK(own.user.Write(SetOf("k", "v")).ok());  // prepares it on the new connection
  own.server.Pause();
  TestCall set(own.test.In(milliseconds(60)));
  const auto sent = own.user.Write(SetOf("k", "w"), &set.context);
  CHECK(IsDeadlineExceeded(sent.status()));
  CHECK(sent.status().applied() == Applied::kMaybe);
  own.server.Continue();
  CHECK(own.user.Read("k").size() == 1);
}

TEST_CASE("a large write to a paused server, and a large bulk, end at their deadline") {
  OwnServer own;
  const std::string value(32 * 1024 * 1024, 'x');
  REQUIRE(own.user.Write(SetOf("k", "v")).ok());
  REQUIRE(own.user.WriteMany({SetOf("a", "v"), SetOf("b", "v")}).ok());
  own.server.Pause();
  TestCall set(own.test.In(milliseconds(150)));
  CHECK(IsDeadlineExceeded(own.user.Write(SetOf("k", value), &set.context).status()));
  own.server.Continue();
  REQUIRE(own.user.Ping().ok());
  own.server.Pause();
  TestCall bulk(own.test.In(milliseconds(150)));
  const auto outcomes = own.user.WriteMany({SetOf("a", value), SetOf("b", value)}, &bulk.context);
  own.server.Continue();
  REQUIRE(outcomes.ok());
  for (const WriteOutcome& outcome : *outcomes) {
    CHECK(IsDeadlineExceeded(outcome.status()));
  }
  CHECK(own.user.Read("k") == "v");
}

TEST_CASE("a call is cancelled from another thread while it waits") {
  OwnServer own;
  REQUIRE(own.user.Write(SetOf("k", "v")).ok());
  own.server.Pause();
  TestCall call;
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(30));
    call.waiter.Stop(StopCause::kCancelled);
  });
  const auto written = own.user.Write(SetOf("k", "w"), &call.context);
  canceller.join();
  own.server.Continue();
  CHECK(IsCancelled(written.status()));
  CHECK(written.status().applied() == Applied::kMaybe);
  CHECK(own.user.Ping().ok());
}

TEST_CASE("a call without a deadline ends after the field timeout") {
  OwnServer own({}, {{"timeout", "1s"}});
  own.server.Pause();
  const auto start = std::chrono::steady_clock::now();
  CHECK(IsDeadlineExceeded(own.user.Get("k").status()));
  CHECK(std::chrono::steady_clock::now() - start < seconds(3));
  own.server.Continue();
}

TEST_CASE("a server with no connection left says so, and the pool waits for its own") {
  OwnServer own({.settings = {"max_connections=8", "superuser_reserved_connections=3"},
                 .wants_passwords = false},
                {{"maxConns", "2"}});
  own.server.Sql("postgres", "CREATE ROLE plain LOGIN; GRANT ALL ON state, dapr_metadata TO plain");
  TestStore greedy(own.server, "postgres", Layout::kV2, {{"user", "plain"}, {"maxConns", "30"}});
  REQUIRE(greedy.Init().ok());
  std::atomic<int> refused = 0;
  std::atomic<int> others = 0;
  const auto work = [](TestStore& store, std::atomic<int>& exhausted, std::atomic<int>& strange) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i) {
      threads.emplace_back([&] {
        StoreUser user(store.store);
        for (int n = 0; n < 40; ++n) {
          const auto outcome = user.Write(SetOf("k", "v"));
          const bool is_exhausted = HasCode(outcome.status(), StatusCode::kResourceExhausted);
          exhausted += is_exhausted ? 1 : 0;
          strange += !is_exhausted && !outcome.ok() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  work(greedy, refused, others);
  CHECK(refused > 0);
  CHECK(others == 0);
  CHECK(EventuallyOk([&] { return greedy.user.Write(SetOf("k", "v")); }));
  refused = 0;
  work(own.test, refused, others);
  CHECK(refused == 0);
  CHECK(others == 0);
}

TEST_CASE("a changed password is UNAUTHENTICATED without being shown, and the right one works") {
  OwnServer own({.settings = {}, .wants_passwords = true});
  own.server.Sql("postgres",
                 "CREATE ROLE app LOGIN PASSWORD 'old-secret';"
                 "GRANT ALL ON state, dapr_metadata TO app");
  const Fields login = {{"user", "app"}, {"password", "old-secret"}};
  TestStore test(own.server, "postgres", Layout::kV2, login);
  const Status status = test.Init();
  INFO(status.message());
  REQUIRE(status.ok());
  own.server.Sql("postgres", "ALTER ROLE app PASSWORD 'new-secret'");
  CHECK(test.user.Ping().ok());  // a session goes on
  own.server.Sql("postgres",
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE usename = 'app'");
  while (own.server.Sql("postgres",
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE usename = 'app'") != "0\n") {
  }
  test.host.Advance(seconds(2));
  const Status refused = test.user.Ping();
  CHECK(HasCode(refused, StatusCode::kUnauthenticated));
  CHECK(Mentions(refused, "28P01"));
  CHECK_FALSE(Mentions(refused, "secret"));
  TestStore right(own.server, "postgres", Layout::kV2,
                  {{"user", "app"}, {"password", "new-secret"}});
  CHECK(right.Init().ok());
  TestStore none(own.server, "postgres", Layout::kV2, {{"user", "app"}});
  CHECK(IsUnavailable(none.Init()));
}

TEST_CASE_METHOD(PostgresStoreFixture, "a session ended in mid-transaction leaves nothing of it") {
  REQUIRE(user.Write(SetOf("b", "old")).ok());
  // The transaction waits for this lock, and is ended there.
  std::thread blocker([&] {
    Sql("BEGIN; UPDATE state SET value = 'x' WHERE key = 'b'; SELECT pg_sleep(0.5); ROLLBACK");
  });
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0\n") {
  }
  std::thread killer([&] {
    while (Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
               " WHERE wait_event_type = 'Lock'")
               .empty()) {
    }
  });
  const auto outcomes = user.Transact({SetOf("a", "new"), SetOf("b", "new")});
  killer.join();
  blocker.join();
  const Status status = outcomes.ok() ? (*outcomes)[1].status() : outcomes.status();
  CHECK(IsUnavailable(status));
  CHECK(status.applied() == Applied::kNo);
  CHECK(user.Read("a") == "<NOT_FOUND>");
  CHECK(user.Read("b") == "old");
}

TEST_CASE_METHOD(PostgresStoreFixture, "a call that waits for a row's lock ends at its deadline") {
  REQUIRE(user.WriteMany({SetOf("k", "old"), SetOf("l", "old")}).ok());
  std::thread blocker([&] {
    Sql("BEGIN; UPDATE state SET value = 'x' WHERE key IN ('k', 'l'); SELECT pg_sleep(0.5); "
        "ROLLBACK");
  });
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0\n") {
  }
  TestCall single(opened.In(milliseconds(80)));
  const auto written = user.Write(SetOf("k", "new"), &single.context);
  CHECK(IsDeadlineExceeded(written.status()));
  CHECK(written.status().applied() == Applied::kMaybe);
  TestCall whole(opened.In(milliseconds(80)));
  const auto outcomes = user.Transact({SetOf("j", "new"), SetOf("l", "newer")}, &whole.context);
  CHECK(IsDeadlineExceeded(outcomes.status()));
  CHECK(outcomes.status().applied() == Applied::kMaybe);
  blocker.join();
  const auto both = user.GetMany({"j", "l"});
  REQUIRE(both.ok());
  CHECK((*both)[0].ok() == ((*both)[1]->data.view() == "newer"));
}

TEST_CASE_METHOD(PostgresStoreFixture,
                 "a reply that takes longer than the socket's patience comes") {
  REQUIRE(user.Write(SetOf("k", "old")).ok());
  std::thread blocker([&] {
    Sql("BEGIN; UPDATE state SET value = 'x' WHERE key = 'k'; SELECT pg_sleep(1.3); COMMIT");
  });
  while (Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0\n") {
  }
  CHECK(user.Write(SetOf("k", "new")).ok());
  blocker.join();
  CHECK(user.Read("k") == "new");
  // Statements past libpq and through it take turns on one session.
  const std::string large(100'000, 'x');
  CHECK(user.Write(SetOf("l", large)).ok());
  CHECK((user.Read("l") == large));
  CHECK(user.Transact({SetOf("a", "1"), SetOf("b", "2")}).ok());
  CHECK(user.Read("a") == "1");
  CHECK(Sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mecha' AND datname ="
            " current_database()") == "1\n");
}

TEST_CASE_METHOD(PostgresStoreFixture, "forgotten statements are told as such and made again") {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  REQUIRE(user.Read("k") == "v");
  Sql("ALTER TABLE state ALTER COLUMN value TYPE bytea USING 'w', ADD COLUMN extra int");
  CHECK(EventuallyOk([&] { return user.Get("k"); }));
  CHECK(user.Read("k") == "w");
  Sql("DROP TABLE state");
  CHECK(IsFailedPrecondition(user.Get("k").status()));
}

TEST_CASE_METHOD(PostgresStoreFixture, "suspend closes what is idle, resume opens it again") {
  const std::string count =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mecha' AND datname ="
      " current_database()";
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  CHECK(Sql(count) == "1\n");
  opened.store.Suspend(true);
  CHECK(opened.host.timer_count() == 0);
  CHECK(Sql(count) == "1\n");
  TestCall call;
  REQUIRE(opened.store.Resume(call.context).ok());
  opened.store.Suspend(false);
  CHECK(EventuallyOk([&] { return Sql(count) == "0\n" ? OkStatus() : Unavailable("open"); }));
  REQUIRE(opened.store.Resume(call.context).ok());
  CHECK(opened.host.timer_count() == 1);
  CHECK(user.Read("k") == "v");
}

TEST_CASE("a dead first server of two is passed over") {
  OwnServer own;
  const std::string port = std::to_string(own.server.port());
  TestStore test(own.server, "postgres", Layout::kV2,
                 {{"connectionString", "host=127.0.0.1,localhost port=1," + port +
                                           " user=postgres target_session_attrs=read-write"}});
  const Status status = test.Init();
  INFO(status.message());
  CHECK(status.ok());
  TestStore socket(own.server, "postgres", Layout::kV2,
                   {{"connectionString", "postgres://postgres@/postgres?host=" +
                                             own.server.folder() + "&port=" + port}});
  CHECK(socket.Init().ok());
  TestStore nowhere(own.server, "postgres", Layout::kV2,
                    {{"connectionString", "host=no-such-host.invalid user=postgres"}});
  CHECK(IsUnavailable(nowhere.Init()));
}

}  // namespace
}  // namespace MECHA_COMPONENT
