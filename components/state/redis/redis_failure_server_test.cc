// SPDX-License-Identifier: Apache-2.0
// state.redis when the server, the network or the caller does not go on.
#include <atomic>
#include <thread>

#include "redis_store_fixture.h"
#include "support/queued_call.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE_METHOD(RedisStoreFixture, "a killed server is UNAVAILABLE at once, and found again") {
  CheckKilledServer();
}

TEST_CASE_METHOD(RedisStoreFixture, "after a rest a restarted server fails no call") {
  CheckRestartDuringRest();
}

TEST_CASE_METHOD(RedisStoreFixture, "one lost connection makes the other idle ones be checked") {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      StoreUser own(store);
      for (int n = 0; n < 50; ++n) {
        (void)own.Get("k");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  server.Restart();
  (void)user.Get("k");  // may meet a dead connection
  for (int n = 0; n < 8; ++n) {
    CHECK(user.Read("k") == "<NOT_FOUND>");
  }
}

TEST_CASE_METHOD(RedisStoreFixture, "a paused server costs a call no more than its deadline") {
  CHECK(CheckPausedServer().applied() == Applied::kMaybe);
}

TEST_CASE("a silent server ends a call after readTimeout with UNAVAILABLE") {
  RedisStoreFixture fixture({}, {{"readTimeout", "80ms"}});
  fixture.server.Pause();
  const auto written = fixture.user.Write(SetOf("k", "w"));
  CHECK(written.status().code() == StatusCode::kUnavailable);
  CHECK(Mentions(written.status(), "no progress for 80 ms"));
  CHECK(written.status().applied() == Applied::kMaybe);
  fixture.server.Continue();
  CHECK(fixture.user.Ping().ok());
}

TEST_CASE_METHOD(RedisStoreFixture,
                 "a large write that a paused server does not take is not applied") {
  const std::string value(32 * 1024 * 1024, 'x');
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  server.Pause();
  TestCall set(In(std::chrono::milliseconds(80)));
  const auto written = user.Write(SetOf("k", value), &set.context);
  CHECK(written.status().code() == StatusCode::kDeadlineExceeded);
  CHECK(written.status().applied() == Applied::kNo);
  server.Continue();
  CHECK(user.Read("k") == "v");
}

TEST_CASE_METHOD(RedisStoreFixture, "a call is cancelled from another thread while it waits") {
  CheckCancelFromOtherThread();
}

TEST_CASE_METHOD(RedisStoreFixture, "a call that has ended before its start sends nothing") {
  CheckEndedBeforeStart();
}

TEST_CASE("callers beyond poolSize wait their turn, and no longer than they may") {
  RedisStoreFixture fixture({}, {{"poolSize", "1"}, {"poolTimeout", "100ms"}});
  fixture.server.Pause();
  StatusCode first_code = StatusCode::kOk;
  std::thread first([&] { first_code = StoreUser(fixture.store).Get("k").status().code(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  TestCall brief(fixture.In(std::chrono::milliseconds(30)));
  CHECK(fixture.user.Get("k", &brief.context).status().code() == StatusCode::kDeadlineExceeded);
  const auto full = fixture.user.Get("k");
  CHECK(full.status().code() == StatusCode::kUnavailable);
  CHECK(Mentions(full.status(), "poolSize"));
  fixture.server.Continue();
  first.join();
  CHECK(first_code == StatusCode::kNotFound);

  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      StoreUser own(fixture.store);
      for (int n = 0; n < 100; ++n) {
        good += own.Write(SetOf("k", "v")).ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 800);
  CHECK(fixture.server.Command({"INFO", "clients"}).find("connected_clients:2") !=
        std::string::npos);
}

TEST_CASE_METHOD(RedisStoreFixture, "suspend closes every socket, and resume goes on") {
  REQUIRE(user.Write(SetOf("k", "v")).ok());
  store.Suspend(true);
  CHECK(server.Command({"INFO", "clients"}).find("connected_clients:2") != std::string::npos);
  store.Suspend(false);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (server.Command({"INFO", "clients"}).find("connected_clients:1") == std::string::npos &&
         std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(server.Command({"INFO", "clients"}).find("connected_clients:1") != std::string::npos);
  TestCall call;
  CHECK(store.Resume(call.context).ok());
  CHECK(user.Read("k") == "v");
}

TEST_CASE("what the server refuses for want of memory is RESOURCE_EXHAUSTED and not applied") {
  RedisStoreFixture fixture({"", "", {"maxmemory 3mb", "maxmemory-policy noeviction"}}, {});
  const std::string value(256 * 1024, 'x');
  Status status;
  for (int i = 0; i < 40 && status.ok(); ++i) {
    status = fixture.user.Write(SetOf("k" + std::to_string(i), value)).status();
  }
  CHECK(status.code() == StatusCode::kResourceExhausted);
  CHECK(status.applied() == Applied::kNo);
  const auto all = fixture.user.Transact({SetOf("x", value), SetOf("y", value)});
  CHECK(all.status().code() == StatusCode::kResourceExhausted);
  CHECK(fixture.user.Read("x") == "<NOT_FOUND>");
  // Over the channel, too; what is there can be read and deleted, and then there is room.
  test::QueuedCall queued;
  queued.Set(fixture.store, "q", "short");
  REQUIRE(queued.Await());
  CHECK(queued.etag.status().code() == StatusCode::kResourceExhausted);
  CHECK(queued.etag.status().applied() == Applied::kNo);
  CHECK(fixture.user.Read("k0") == value);
  for (int i = 0; i < 4; ++i) {
    CHECK(fixture.user.Write(DeleteOf("k" + std::to_string(i))).ok());
  }
  CHECK(fixture.user.Write(SetOf("x", "short")).ok());
}

TEST_CASE("a server out of clients refuses new connections, and serves those it has") {
  RedisStoreFixture fixture({"", "", {"maxclients 2"}}, {});
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  {
    RedisOptions options;
    options.address = {"127.0.0.1", fixture.server.port()};
    TestCall call;
    RedisConnection last(fixture.host, options);
    REQUIRE(last.Connect(call.context, Resolve(options.address)->front()).ok());
    last.commands().AddCommand({"PING"});
    REQUIRE(last.Send(call.context).ok());
    REQUIRE(last.Receive(call.context).ok());
    // The channel's would be the third.
    test::QueuedCall queued;
    queued.Get(fixture.store, "k");
    REQUIRE(queued.Await());
    CHECK(IsUnavailable(queued.value.status()));
    CHECK(fixture.user.Read("k") == "v");
    CHECK(fixture.user.Write(SetOf("k", "w")).ok());
  }
  CHECK(ComesTrue([&] {
    test::QueuedCall queued;
    queued.Get(fixture.store, "k");
    return queued.Await() && queued.value.ok();
  }));
}

TEST_CASE("a password that changes is UNAUTHENTICATED for new connections, until it is right") {
  RedisStoreFixture fixture({"admin", "x", {"user app on >s3cret ~* &* +@all"}},
                            {{"redisUsername", "app"}, {"redisPassword", "s3cret"}});
  const auto queued_read = [&] {
    test::QueuedCall queued;
    queued.Get(fixture.store, "k");
    REQUIRE(queued.Await());
    return queued.value.status();
  };
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  REQUIRE(queued_read().ok());
  REQUIRE(fixture.server.Command({"ACL", "SETUSER", "app", "resetpass", ">other"}) == "+OK\r\n");
  // Who is in stays in.
  CHECK(fixture.user.Read("k") == "v");
  CHECK(queued_read().ok());
  fixture.server.Command({"CLIENT", "KILL", "USER", "app"});
  CHECK(ComesTrue(
      [&] { return fixture.user.Get("k").status().code() == StatusCode::kUnauthenticated; }));
  const Status refused = fixture.user.Write(SetOf("k", "w")).status();
  CHECK(refused.code() == StatusCode::kUnauthenticated);
  CHECK(refused.applied() == Applied::kNo);
  CHECK(Mentions(refused, "check redisUsername and redisPassword"));
  CHECK_FALSE(Mentions(refused, "s3cret"));
  CHECK(ComesTrue([&] { return queued_read().code() == StatusCode::kUnauthenticated; }));
  CHECK(fixture.host.logs().size() < 10);
  REQUIRE(fixture.server.Command({"ACL", "SETUSER", "app", ">s3cret"}) == "+OK\r\n");
  CHECK(ComesTrue([&] { return fixture.user.Read("k") == "v"; }));
  CHECK(ComesTrue([&] { return queued_read().ok(); }));
}

TEST_CASE("a password set on a server that had none ends in UNAUTHENTICATED, not in silence") {
  RedisStoreFixture fixture;
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  REQUIRE(fixture.server.Command({"CONFIG", "SET", "requirepass", "s3cret"}) == "+OK\r\n");
  test::Exchange(fixture.server.port(), "AUTH s3cret\r\nCLIENT KILL TYPE normal\r\nQUIT\r\n");
  CHECK(ComesTrue([&] {
    const Status status = fixture.user.Get("k").status();
    return status.code() == StatusCode::kUnauthenticated && Mentions(status, "set redisPassword");
  }));
  test::Exchange(fixture.server.port(), "AUTH s3cret\r\nCONFIG SET requirepass \"\"\r\nQUIT\r\n");
  CHECK(ComesTrue([&] { return fixture.user.Read("k") == "v"; }));
}

TEST_CASE("writes to a replica are refused and say what to do") {
  test::TestRedis primary;
  test::TestRedis replica({"", "", {"replicaof 127.0.0.1 " + std::to_string(primary.port())}});
  test::TestHost host;
  RedisStateStore store;
  TestCall call;
  const Settings settings = MakeSettings({{"redisHost", replica.address()}});
  REQUIRE(store.Init(call.context, settings, host).ok());
  const auto refused = StoreUser(store).Write(SetOf("k", "v"));
  CHECK(refused.status().code() == StatusCode::kUnavailable);
  CHECK(Mentions(refused.status(), "replica"));
  CHECK(refused.status().applied() == Applied::kNo);
}

TEST_CASE("a server that is killed while threads write loses nothing it acknowledged") {
  RedisStoreFixture fixture({"", "", {"appendonly yes", "appendfsync always"}}, {});
  std::atomic<bool> is_ending{false};
  std::atomic<int> acknowledged{0};
  std::thread writer([&] {
    StoreUser own(fixture.store);
    for (int i = 0; !is_ending; ++i) {
      acknowledged = own.Write(SetOf("n", std::to_string(i))).ok() ? i : acknowledged.load();
    }
  });
  for (int round = 0; round < 3; ++round) {
    const int before = acknowledged;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (acknowledged < before + 20 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    CHECK(acknowledged >= before + 20);
    fixture.server.Restart();
  }
  is_ending = true;
  writer.join();
  REQUIRE(ComesTrue([&] { return fixture.user.Get("n").ok(); }));
  CHECK(std::stoi(fixture.user.Read("n")) >= acknowledged);
}

}  // namespace
}  // namespace MECHA_COMPONENT
