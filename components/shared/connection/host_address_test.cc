// SPDX-License-Identifier: Apache-2.0
#include "connection/host_address.h"

#include <netinet/in.h>

#include "result/status.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

std::string Parsed(std::string_view text) {
  const auto address = ParseHostAddress("redisHost", text, 6379);
  return address.ok() ? address->Text()
                      : std::string("error: ") + std::string(address.status().message());
}

TEST_CASE("a host is read with and without a port") {
  CHECK(Parsed("redis") == "redis:6379");
  CHECK(Parsed("redis:1234") == "redis:1234");
  CHECK(Parsed("10.0.0.1") == "10.0.0.1:6379");
  CHECK(Parsed("::1") == "[::1]:6379");
  CHECK(Parsed("[::1]") == "[::1]:6379");
  CHECK(Parsed("[fe80::2]:7000") == "[fe80::2]:7000");
  CHECK(ParseHostAddress("redisHost", "redis", 7001)->port == 7001);
}

TEST_CASE("what is no address says what to write") {
  CHECK(Parsed("").find("localhost:6379") != std::string::npos);
  CHECK(Parsed("").find("error: redisHost: ") == 0);
  CHECK(Parsed(":6379").find("the host is empty") != std::string::npos);
  CHECK(Parsed("redis:").find("not a number from 1 to 65535") != std::string::npos);
  CHECK(Parsed("redis:x").find("port \"x\"") != std::string::npos);
  CHECK(Parsed("redis:0").find("error") == 0);
  CHECK(Parsed("redis:65536").find("error") == 0);
  CHECK(Parsed("redis://a:6379").find("host:port") != std::string::npos);
  CHECK(Parsed("[::1").find("[::1]:6379") != std::string::npos);
  CHECK(Parsed("[::1]6379").find("[::1]:6379") != std::string::npos);
}

TEST_CASE("a list of hosts is split at commas, and an empty one is kept to be refused") {
  using Parts = std::vector<std::string_view>;
  CHECK(SplitHosts("a") == Parts{"a"});
  CHECK(SplitHosts(" a:1 ,b,[::1]:2") == Parts{"a:1", "b", "[::1]:2"});
  CHECK(SplitHosts("a, ,b,") == Parts{"a", "", "b", ""});
  CHECK(SplitHosts("") == Parts{""});
}

TEST_CASE("addresses in figures are resolved without a look-up") {
  const auto v4 = Resolve({"127.0.0.1", 1});
  REQUIRE(v4.ok());
  REQUIRE(v4->size() == 1);
  CHECK(v4->front().storage.ss_family == AF_INET);
  CHECK(v4->front().size == sizeof(sockaddr_in));
  const auto v6 = Resolve({"::1", 1});
  REQUIRE(v6.ok());
  CHECK(v6->front().storage.ss_family == AF_INET6);
}

TEST_CASE("a name that does not exist is UNAVAILABLE and named") {
  const auto none = Resolve({"no-such-host.invalid", 1});
  CHECK(none.status().code() == StatusCode::kUnavailable);
  CHECK(none.status().message().find("no-such-host.invalid") != std::string_view::npos);
}

}  // namespace
}  // namespace mecha::components
