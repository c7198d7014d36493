// SPDX-License-Identifier: Apache-2.0
// state.redis and how it gets in: users, passwords, databases, and servers that are not there.
#include "redis_store_fixture.h"

namespace MECHA_COMPONENT {
namespace {

Status InitWith(const Fields& fields) {
  test::TestHost host;
  RedisStateStore store;
  TestCall call;
  const Settings settings = MakeSettings(fields);
  return store.Init(call.context, settings, host);
}

TEST_CASE("an ACL user with a password works in its database") {
  RedisStoreFixture fixture(
      {"app", "s3cret", {}},
      {{"redisUsername", "app"}, {"redisPassword", "s3cret"}, {"redisDB", "3"}});
  REQUIRE(fixture.user.Write(SetOf("k", "v")).ok());
  CHECK(fixture.user.Read("k") == "v");
  CHECK(fixture.server.Command({"EXISTS", "k"}) == ":0\r\n");
  CHECK(fixture.server.Command({"INFO", "keyspace"}).find("db3:keys=1") != std::string::npos);
}

TEST_CASE("the default user's password works") {
  RedisStoreFixture fixture({"", "s3cret", {}}, {{"redisPassword", "s3cret"}});
  CHECK(fixture.user.Ping().ok());
}

TEST_CASE("a wrong or missing password is UNAUTHENTICATED and never shown") {
  test::TestRedis server({"app", "s3cret", {}});
  const Status wrong = InitWith(
      {{"redisHost", server.address()}, {"redisUsername", "app"}, {"redisPassword", "hunter2"}});
  CHECK(wrong.code() == StatusCode::kUnauthenticated);
  CHECK(Mentions(wrong, "check redisUsername and redisPassword"));
  CHECK(Mentions(wrong, server.address()));
  CHECK_FALSE(Mentions(wrong, "hunter2"));
  const Status none = InitWith({{"redisHost", server.address()}});
  CHECK(none.code() == StatusCode::kUnauthenticated);
  CHECK(Mentions(none, "set redisPassword"));
}

TEST_CASE("a password that the server echoes is cut off") {
  test::TestRedis server({"", "", {"rename-command AUTH \"\""}});
  const Status status = InitWith({{"redisHost", server.address()}, {"redisPassword", "hunter2"}});
  CHECK(status.code() == StatusCode::kUnimplemented);
  CHECK_FALSE(Mentions(status, "hunter2"));
}

TEST_CASE("a password for a server without one says so") {
  test::TestRedis server;
  const Status status = InitWith({{"redisHost", server.address()}, {"redisPassword", "hunter2"}});
  CHECK(status.code() == StatusCode::kUnauthenticated);
  CHECK(Mentions(status, "remove redisPassword"));
}

TEST_CASE("what the user may not do is PERMISSION_DENIED") {
  test::RedisServerOptions options{"admin", "x", {"user app on >s3cret ~app* +@all -scan"}};
  RedisStoreFixture fixture(options, {{"redisUsername", "app"}, {"redisPassword", "s3cret"}});
  CHECK(fixture.user.Write(SetOf("app||k", "v")).ok());
  CHECK(fixture.user.Write(SetOf("other", "v")).status().code() == StatusCode::kPermissionDenied);
  CHECK(fixture.user.List({"app", 10, ""}).status().code() == StatusCode::kPermissionDenied);
}

TEST_CASE("a command forbidden in the middle of a script leaves the outcome open") {
  test::RedisServerOptions options{"admin", "x", {"user app on >s3cret ~* +@all -hincrby"}};
  RedisStoreFixture fixture(options, {{"redisUsername", "app"}, {"redisPassword", "s3cret"}});
  const auto denied = fixture.user.Write(SetOf("k", "v"));
  INFO(denied.status().message());
  CHECK(denied.status().code() == StatusCode::kPermissionDenied);
  CHECK(denied.status().applied() == Applied::kMaybe);
}

TEST_CASE("a database that the server lacks is FAILED_PRECONDITION") {
  test::TestRedis server;
  const Status status = InitWith({{"redisHost", server.address()}, {"redisDB", "99"}});
  CHECK(status.code() == StatusCode::kFailedPrecondition);
  CHECK(Mentions(status, "redisDB"));
}

TEST_CASE("a server that is not there is UNAVAILABLE and named") {
  test::TestRedis server;
  server.Kill();
  const Status status = InitWith({{"redisHost", server.address()}});
  CHECK(status.code() == StatusCode::kUnavailable);
  CHECK(Mentions(status, "connect to " + server.address() + ": connection refused"));
}

TEST_CASE("a paused server ends Init by dialTimeout or by the call's deadline") {
  test::TestRedis server({"", "s3cret", {}});
  server.Pause();
  const Status status = InitWith(
      {{"redisHost", server.address()}, {"redisPassword", "s3cret"}, {"dialTimeout", "50ms"}});
  CHECK(status.code() == StatusCode::kUnavailable);
  CHECK(Mentions(status, "no answer within 50 ms"));
  server.Continue();
}

TEST_CASE("a store that failed to start starts when the server has come") {
  test::TestRedis server;
  server.Kill();
  test::TestHost host;
  RedisStateStore store;
  TestCall call;
  const Settings settings = MakeSettings({{"redisHost", server.address()}});
  REQUIRE_FALSE(store.Init(call.context, settings, host).ok());
  server.Restart();
  CHECK(store.Init(call.context, settings, host).ok());
  CHECK(StoreUser(store).Read("k") == "<NOT_FOUND>");
}

TEST_CASE("a host name is looked up") {
  test::TestRedis server;
  CHECK(InitWith({{"redisHost", "localhost"}, {"redisPort", std::to_string(server.port())}}).ok());
}

}  // namespace
}  // namespace MECHA_COMPONENT
