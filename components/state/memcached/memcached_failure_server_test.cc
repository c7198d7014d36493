// SPDX-License-Identifier: Apache-2.0
// state.memcached when the server, the network or the caller does not go on.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "memcached_connection.h"
#include "memcached_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;

TEST_CASE_METHOD(MemcachedStoreFixture, "a killed server is UNAVAILABLE at once, and found again") {
  CheckKilledServer();
}

TEST_CASE_METHOD(MemcachedStoreFixture, "after a rest a restarted server fails no call") {
  CheckRestartDuringRest();
}

TEST_CASE_METHOD(MemcachedStoreFixture, "an etag does not outlive the server that counted it") {
  const auto before = user.Write(SetOf("k", "before"));
  REQUIRE(before.ok());
  server.Restart();
  host.Advance(std::chrono::seconds(2));
  // The server counts from the beginning: this value has the number that the other one had.
  const auto after = user.Write(SetOf("k", "after"));
  REQUIRE(after.ok());
  const auto number = [](const Etag& etag) { return etag.view().substr(0, etag.view().find('-')); };
  REQUIRE(number(*before) == number(*after));
  CHECK(user.Write(SetIf("k", "mine", before->view())).status().code() == StatusCode::kAborted);
  CHECK(user.Write(DeleteIf("k", before->view())).status().code() == StatusCode::kAborted);
  CHECK(user.Read("k") == "after");
  CHECK(user.Write(SetIf("k", "mine", after->view())).ok());
}

TEST_CASE_METHOD(MemcachedStoreFixture,
                 "a write by etag over a connection that died does not reach the next server") {
  const auto before = user.Write(SetOf("k", "before"));
  REQUIRE(before.ok());
  server.Restart();
  REQUIRE(server.Command("set k 0 0 5\r\nafter") == "STORED\r\n");
  // The connection is trusted for a second: the store learns of the restart only while sending.
  const auto written = user.Write(SetIf("k", "mine", before->view()));
  const StatusCode code = written.status().code();
  CHECK((code == StatusCode::kUnavailable || code == StatusCode::kAborted));
  CHECK(user.Read("k") == "after");
}

TEST_CASE_METHOD(MemcachedStoreFixture,
                 "what was made for a server that is gone does not go to the next one") {
  TestCall call;
  ConnectionOptions options;
  options.address = {"127.0.0.1", server.port()};
  const SocketAddress address = Resolve(options.address)->front();
  MemcachedConnection dead(host, options);
  REQUIRE(dead.Connect(call.context, address).ok());
  REQUIRE(dead.LogIn(call.context).ok());
  server.Restart();
  for (const uint64_t version : {uint64_t{7}, uint64_t{0}}) {
    MemcachedConnection fresh(host, options);
    REQUIRE(fresh.Connect(call.context, address).ok());
    REQUIRE(fresh.LogIn(call.context).ok());
    dead.requests().Clear();
    dead.requests().AddDelete("k", version);
    const Status status = fresh.TakeOver(dead);
    CHECK(status.code() == (version == 0 ? StatusCode::kOk : StatusCode::kUnavailable));
    CHECK_FALSE(fresh.HasSent(0));
    CHECK(fresh.is_reusable());
  }
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a paused server costs a call no more than its deadline") {
  CheckPausedServer().IgnoreError();
}

TEST_CASE("a silent server ends a call after its timeout with UNAVAILABLE, maybe applied") {
  MemcachedStoreFixture fixture({}, {{"timeout", "80ms"}});
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  fixture.server.Pause();
  const auto written = fixture.user.Write(SetOf("k", "w"));
  CHECK(written.status().code() == StatusCode::kUnavailable);
  CHECK(Mentions(written.status(), "no progress for 80 ms"));
  CHECK(written.status().applied() == Applied::kMaybe);
  // A new connection to a stopped server is taken by the system, and then silent.
  const auto unsent = fixture.user.Write(SetOf("k", "x"));
  CHECK(unsent.status().code() == StatusCode::kUnavailable);
  CHECK(unsent.status().applied() == Applied::kNo);
  fixture.server.Continue();
  CHECK(ComesTrue([&] { return fixture.user.Ping().ok(); }));
}

TEST_CASE("a large write that a paused server does not take is not applied") {
  MemcachedStoreFixture fixture({"-I", "64m", "-m", "256"}, {});
  const std::string value(32 * 1024 * 1024, 'x');
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  fixture.server.Pause();
  TestCall set(fixture.In(milliseconds(80)));
  const auto written = fixture.user.Write(SetOf("k", value), &set.context);
  CHECK(written.status().code() == StatusCode::kDeadlineExceeded);
  CHECK(written.status().applied() == Applied::kNo);
  fixture.server.Continue();
  fixture.server.Command("mn");
  CHECK(fixture.user.Read("k") == "v");
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a call is cancelled from another thread while it waits") {
  CheckCancelFromOtherThread();
}

TEST_CASE_METHOD(MemcachedStoreFixture, "a call that has ended before its start sends nothing") {
  CheckEndedBeforeStart();
}

TEST_CASE("no more connections stay open than maxIdleConnections says") {
  MemcachedStoreFixture fixture({}, {{"maxIdleConnections", "3"}});
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      StoreUser own(fixture.store);
      const std::string key = "k" + std::to_string(i);
      for (int n = 0; n < 50; ++n) {
        good += own.Write(SetOf(key, std::to_string(n))).ok() ? 1 : 0;
        good += own.Read(key) == std::to_string(n) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 800);
  CHECK(ComesTrue([&] { return fixture.server.Connections() <= 3; }));
}

TEST_CASE_METHOD(MemcachedStoreFixture, "suspend closes every socket, and resume goes on") {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  const auto has_connections = [&](int count) {
    return ComesTrue([&] { return server.Connections() == count; });
  };
  CHECK(has_connections(1));
  store.Suspend(true);
  CHECK(has_connections(1));
  store.Suspend(false);
  CHECK(has_connections(0));
  TestCall call;
  CHECK(store.Resume(call.context).ok());
  CHECK(user.Read("k") == "v");
}

TEST_CASE("a server that is not there, or is no memcached, fails the start and is named") {
  test::TestHost host;
  MemcachedStateStore store;
  TestCall call;
  const uint16_t port = test::FreePort();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const Status status =
      store.Init(call.context, MakeSettings({{"hosts", address}, {"timeout", "1s"}}), host);
  CHECK(status.code() == StatusCode::kUnavailable);
  CHECK(Mentions(status, address));
  test::TestMemcached server;
  CHECK(store
            .Init(call.context,
                  MakeSettings({{"hosts", server.address() + "," + address}, {"timeout", "1s"}}),
                  host)
            .code() == StatusCode::kUnavailable);
  store.Close();
}

TEST_CASE("a server that wants a login is UNAUTHENTICATED") {
  std::string users = (std::filesystem::temp_directory_path() / "mecha-users-XXXXXX").string();
  close(mkstemp(users.data()));
  std::ofstream(users) << "name:word\n";
  const test::TestMemcached server({"-Y", users});
  std::filesystem::remove(users);
  test::TestHost host;
  MemcachedStateStore store;
  TestCall call;
  const Status status = store.Init(
      call.context, MakeSettings({{"hosts", server.address()}, {"timeout", "5s"}}), host);
  CHECK(status.code() == StatusCode::kUnauthenticated);
  CHECK(Mentions(status, server.address()));
}

TEST_CASE_METHOD(MemcachedStoreFixture, "many keys with large values come in one call") {
  std::vector<std::string> keys;
  const std::string value(300'000, 'x');
  for (int i = 0; i < 150; ++i) {
    keys.push_back("k" + std::to_string(i));
  }
  std::vector<StateWrite> writes;
  for (const std::string& key : keys) {
    writes.push_back(SetOf(key, value));
  }
  const auto outcomes = user.WriteMany(writes);
  REQUIRE(outcomes.ok());
  const auto values = user.GetMany({keys.begin(), keys.end()});
  REQUIRE(values.ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    REQUIRE((*outcomes)[i].ok());
    REQUIRE((*values)[i].ok());
    REQUIRE((*values)[i]->data.view() == value);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
