// SPDX-License-Identifier: Apache-2.0
// state.mysql on a real MariaDB: what stands in the table, and when the server does not go on.
#include <signal.h>

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "mysql_state_store.h"
#include "support/catch.h"
#include "support/mariadb_server.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using test::CreateOf;
using test::DeleteIf;
using test::SetIf;
using test::SetOf;
using test::StoreUser;
using test::TestCall;

// A filled folder is costly: one server for all tests that do not end it.
test::TestMariadb& SharedServer() {
  static test::TestMariadb server;
  return server;
}

struct Store {
  explicit Store(const test::TestMariadb& server, test::Fields more = {}) {
    test::Fields fields = {{"connectionString", "root@tcp(" + server.address() + ")/"},
                           {"schemaName", "dapr_state_store"},
                           {"tableName", "state"},
                           {"metadataTableName", "dapr_metadata"},
                           {"timeoutInSeconds", "20s"},
                           {"cleanupInterval", "0s"}};
    for (const auto& [name, text] : more) {
      fields[name] = text;
    }
    settings.emplace(test::MakeSettings("state.mysql", fields));
    TestCall call;
    const Status status = store.Init(call.context, *settings, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }

  Deadline In(Duration time) { return Deadline::After(host.clock().Now(), time); }

  test::TestHost host;
  std::optional<Settings> settings;
  MysqlStateStore store;
  StoreUser user{store};
};

test::TestMariadb& Emptied() {
  test::TestMariadb& server = SharedServer();
  server.Execute("DROP DATABASE IF EXISTS dapr_state_store");
  return server;
}

bool IsOfConnecting(const Status& status) {
  return status.message().find("connect to ") != std::string_view::npos;
}

constexpr char kRow[] =
    "SELECT value, isbinary, eTag, expiredate IS NULL FROM "
    "dapr_state_store.state WHERE id='app||k'";

TEST_CASE("values stand in Dapr's table as Dapr writes them") {
  test::TestMariadb& server = Emptied();
  Store store(server);
  const auto etag = store.user.Write(SetOf("app||k", "hello"));
  REQUIRE(etag.ok());
  CHECK(server.Execute(kRow) == "\"aGVsbG8=\"\t1\t" + std::string(etag->view()) + "\t1\n");
  StateWrite json = SetOf("app||k", "{\"a\":1}");
  json.value_kind = ValueKind::kJson;
  json.ttl = std::chrono::seconds(60);
  const auto next = store.user.Write(json);
  REQUIRE(next.ok());
  CHECK(server.Execute(kRow) == "{\"a\":1}\t0\t" + std::string(next->view()) + "\t0\n");
}

TEST_CASE("a row of Dapr's is read, and one that has expired is not there") {
  test::TestMariadb& server = Emptied();
  Store store(server);
  server.Execute(
      "INSERT INTO dapr_state_store.state (id, value, eTag, isbinary, expiredate) VALUES "
      "('app||k', '\\\"aGk=\\\"', '01234567-89ab-cdef-0123-456789abcdef', 1, NULL), "
      "('app||old', '1', '01234567-89ab-cdef-0123-456789abcdef', 0, "
      "CURRENT_TIMESTAMP - INTERVAL 1 SECOND)");
  CHECK(store.user.Read("app||k") == "hi");
  CHECK(store.user.Read("app||old") == "<NOT_FOUND>");
  CHECK(store.user.Write(SetIf("app||k", "mine", "01234567-89ab-cdef-0123-456789abcdef")).ok());
  CHECK(store.user.Write(SetIf("app||old", "x", "01234567-89ab-cdef-0123-456789abcdef"))
            .status()
            .code() == StatusCode::kAborted);
  CHECK(store.user.Write(CreateOf("app||old", "new")).ok());
  CHECK(store.user.Read("app||old") == "new");
}

TEST_CASE("expired rows are deleted every so often") {
  test::TestMariadb& server = Emptied();
  Store store(server, {{"cleanupInterval", "10m"}});
  server.Execute(
      "INSERT INTO dapr_state_store.state (id, value, eTag, isbinary, expiredate) VALUES "
      "('old', '1', 'e', 0, CURRENT_TIMESTAMP - INTERVAL 1 SECOND), "
      "('new', '1', 'e', 0, NULL)");
  store.host.Advance(std::chrono::minutes(11));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string left;
  while (left != "new\n" && std::chrono::steady_clock::now() < end) {
    left = server.Execute("SELECT id FROM dapr_state_store.state");
  }
  CHECK(left == "new\n");
}

TEST_CASE("a value beyond max_allowed_packet is OUT_OF_RANGE, and the one before stays") {
  Store store(Emptied());
  REQUIRE(store.user.Write(SetOf("k", "before")).ok());
  const std::string value(14 << 20, 'x');
  const auto outcome = store.user.Write(SetOf("k", value));
  CHECK(outcome.status().code() == StatusCode::kOutOfRange);
  CHECK(outcome.status().applied() == Applied::kNo);
  CHECK(store.user.Read("k") == "before");
}

TEST_CASE("a wrong password is UNAUTHENTICATED and not told") {
  test::TestHost host;
  MysqlStateStore store;
  TestCall call;
  const Settings settings = test::MakeSettings(
      "state.mysql", {{"connectionString", "nobody:hunter2@tcp(" + SharedServer().address() + ")/"},
                      {"schemaName", "s"},
                      {"tableName", "t"},
                      {"metadataTableName", "m"},
                      {"timeoutInSeconds", "20s"}});
  const Status status = store.Init(call.context, settings, host);
  CHECK(status.code() == StatusCode::kUnauthenticated);
  CHECK(status.message().find("hunter2") == std::string_view::npos);
}

TEST_CASE("a server out of connections is UNAVAILABLE and says what to raise; the others go on") {
  test::TestMariadb& server = Emptied();
  server.Execute("CREATE USER few@'%'; GRANT ALL ON *.* TO few@'%'; SET GLOBAL max_connections=10");
  Store first(server, {{"connectionString", "few@tcp(" + server.address() + ")/"}});
  REQUIRE(first.user.Write(SetOf("k", "v")).ok());
  test::TestHost host;
  std::vector<std::unique_ptr<MysqlStateStore>> others;
  Status status;
  while (status.ok() && others.size() < 20) {
    TestCall call;
    others.push_back(std::make_unique<MysqlStateStore>());
    status = others.back()->Init(call.context, *first.settings, host);
  }
  CHECK(status.code() == StatusCode::kUnavailable);
  CHECK(status.applied() == Applied::kNo);
  CHECK(status.message().find("max_connections") != std::string_view::npos);
  CHECK(first.user.Read("k") == "v");
  CHECK(StoreUser(*others.front()).Read("k") == "v");
  others.clear();
  server.Execute("SET GLOBAL max_connections=151; DROP USER few@'%'");
}

TEST_CASE("the host's choice about SIGPIPE stays, and no write to a dead server raises it") {
  struct sigaction action {};
  sigaction(SIGPIPE, nullptr, &action);
  REQUIRE(action.sa_handler == SIG_DFL);
  test::TestMariadb server;
  Store store(server);
  sigaction(SIGPIPE, nullptr, &action);
  CHECK(action.sa_handler == SIG_DFL);
  REQUIRE(store.user.Write(SetOf("k", "v")).ok());
  server.Kill();
  const auto lost = store.user.Write(SetOf("k", "w"));
  CHECK(lost.status().code() == StatusCode::kUnavailable);
  // On a slow machine the pool looks at the connection first, and finds it dead.
  CHECK((lost.status().applied() == Applied::kMaybe || IsOfConnecting(lost.status())));
  const auto refused = store.user.Write(SetOf("k", "w"));
  CHECK(refused.status().code() == StatusCode::kUnavailable);
  CHECK(refused.status().applied() == Applied::kNo);
}

TEST_CASE("a waiting write ends by deadline and by cancel, and says maybe") {
  test::TestMariadb& server = Emptied();
  Store store(server);
  REQUIRE(store.user.Write(SetOf("k", "v")).ok());
  server.Pause();
  TestCall late(store.In(milliseconds(60)));
  const auto written = store.user.Write(SetOf("k", "w"), &late.context);
  CHECK(written.status().code() == StatusCode::kDeadlineExceeded);
  CHECK(written.status().applied() == Applied::kMaybe);
  server.Continue();
  CHECK(store.user.Read("k").size() == 1);
  server.Pause();
  TestCall call;
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(30));
    call.waiter.Stop(StopCause::kCancelled);
  });
  const auto read = store.user.Get("k", &call.context);
  canceller.join();
  server.Continue();
  CHECK(read.status().code() == StatusCode::kCancelled);
  CHECK(read.status().applied() == Applied::kNo);
}

TEST_CASE("a transaction whose server dies before the commit is not applied") {
  test::TestMariadb server;
  Store store(server);
  REQUIRE(store.user.Write(SetOf("a", "1")).ok());
  const auto all = store.user.Transact({SetOf("a", "2"), CreateOf("a2", "2")});
  REQUIRE(all.ok());
  server.Kill();
  const auto lost = store.user.Transact({SetOf("a", "3"), SetOf("b", "3")});
  CHECK(lost.status().code() == StatusCode::kUnavailable);
  CHECK(lost.status().applied() == Applied::kNo);
  server.Restart();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!store.user.Ping().ok() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  CHECK(store.user.Read("a") == "2");
  CHECK(store.user.Read("b") == "<NOT_FOUND>");
}

}  // namespace
}  // namespace MECHA_COMPONENT
