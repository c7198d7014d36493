// SPDX-License-Identifier: Apache-2.0
#include "memcached_options.h"

#include <string>

#include "support/catch.h"
#include "support/state_store_user.h"

namespace MECHA_COMPONENT {
namespace {

StatusOr<MemcachedOptions> Read(const test::Fields& fields) {
  return ReadOptions(test::MakeSettings("state.memcached", fields));
}

std::string ErrorOf(const test::Fields& fields) {
  const Status status = Read(fields).status();
  CHECK(status.code() == StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST_CASE("the servers keep their order") {
  const auto options = Read({{"hosts", "b:1, a ,[::1]:2"}});
  REQUIRE(options.ok());
  REQUIRE(options->servers.size() == 3);
  CHECK(options->servers[0].address.Text() == "b:1");
  CHECK(options->servers[1].address.Text() == "a:11211");
  CHECK(options->servers[2].address.Text() == "[::1]:2");
}

TEST_CASE("an empty or odd host is named") {
  for (const std::string hosts : {"", "a:1,", ",a:1", "a:1,,b:1", " "}) {
    CHECK(ErrorOf({{"hosts", hosts}}).find("hosts: the host is empty") == 0);
  }
  CHECK(ErrorOf({{"hosts", "/run/memcached.sock"}}).find("host:port") != std::string::npos);
  CHECK(ErrorOf({{"hosts", "a:x"}}).find("hosts: port \"x\"") == 0);
}

TEST_CASE("limits have Dapr's defaults, and 0 means them") {
  for (const test::Fields& fields :
       {test::Fields{{"hosts", "a"}},
        test::Fields{{"hosts", "a"}, {"maxIdleConnections", "0"}, {"timeout", "0s"}}}) {
    const auto options = Read(fields);
    REQUIRE(options.ok());
    CHECK(options->servers[0].most_idle == 2);
    CHECK(options->servers[0].read_timeout == std::chrono::seconds(1));
  }
  const auto options = Read({{"hosts", "a"}, {"maxIdleConnections", "9"}, {"timeout", "50ms"}});
  REQUIRE(options.ok());
  CHECK(options->servers[0].most_idle == 9);
  CHECK(options->servers[0].dial_timeout == std::chrono::milliseconds(50));
}

TEST_CASE("negative limits are refused by name") {
  CHECK(ErrorOf({{"hosts", "a"}, {"maxIdleConnections", "-1"}}).find("maxIdleConnections") == 0);
  CHECK(ErrorOf({{"hosts", "a"}, {"timeout", "-1s"}}).find("timeout") == 0);
}

}  // namespace
}  // namespace MECHA_COMPONENT
