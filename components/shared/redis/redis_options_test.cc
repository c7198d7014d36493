// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_options.h"

#include <map>
#include <string>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"

namespace mecha::components {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

StatusOr<RedisOptions> Read(const std::map<std::string, std::string>& fields) {
  std::map<std::string, Settings::Value, std::less<>> values{{"redishost", {"h", false, 0}}};
  for (const auto& [name, text] : fields) {
    values[name] = {text, false, 0};
  }
  return ReadRedisOptions(
      Settings({"s", "state.redis", "v1", "", "", "", "", 0}, std::move(values)));
}

TEST_CASE("options have the defaults that component.yaml names") {
  const auto options = Read({});
  REQUIRE(options.ok());
  CHECK(options->address.Text() == "h:6379");
  CHECK(options->pool_size >= 10);
  CHECK(options->dial_timeout == seconds(5));
  CHECK(options->read_timeout == seconds(3));
  CHECK(options->write_timeout == seconds(3));
  CHECK(options->pool_timeout == seconds(4));
  CHECK(options->max_connection_age == Duration::max());
}

TEST_CASE("options follow the settings") {
  const auto options = Read({{"redisport", "7000"},
                             {"redisusername", "u"},
                             {"redispassword", "p"},
                             {"redisdb", "2"},
                             {"poolsize", "3"},
                             {"readtimeout", "100ms"},
                             {"maxconnage", "1m"}});
  REQUIRE(options.ok());
  CHECK(options->address.port == 7000);
  CHECK(options->username == "u");
  CHECK(options->password == "p");
  CHECK(options->database == 2);
  CHECK(options->pool_size == 3);
  CHECK(options->read_timeout == milliseconds(100));
  CHECK(options->write_timeout == milliseconds(100));
  CHECK(options->pool_timeout == milliseconds(1100));
  CHECK(options->max_connection_age == std::chrono::minutes(1));
}

TEST_CASE("a negative timeout is none") {
  CHECK(Read({{"readtimeout", "-1ms"}})->read_timeout == Duration::max());
  CHECK(Read({{"readtimeout", "-1ms"}})->pool_timeout == Duration::max());
}

TEST_CASE("what this version cannot do is refused and named") {
  const std::pair<const char*, const char*> cases[] = {
      {"redistype", "cluster"}, {"useentraid", "true"}, {"useoidc", "true"}};
  for (const auto& [name, text] : cases) {
    INFO(name);
    const auto options = Read({{name, text}});
    CHECK(options.status().code() == StatusCode::kUnimplemented);
    CHECK(options.status().message().find("later version") != std::string_view::npos);
  }
  CHECK(Read({{"enabletls", "true"}, {"redistype", "node"}}).ok());
}

TEST_CASE("with failover redisHost names sentinels, and the master needs a name") {
  const auto options = Read({{"failover", "true"},
                             {"redishost", "a, b:7000,[::1]"},
                             {"sentinelmastername", "mymaster"},
                             {"sentinelusername", "su"},
                             {"sentinelpassword", "sp"},
                             {"redispassword", "p"}});
  REQUIRE(options.ok());
  REQUIRE(options->sentinels.size() == 3);
  CHECK(options->sentinels[0].Text() == "a:26379");
  CHECK(options->sentinels[1].Text() == "b:7000");
  CHECK(options->sentinels[2].Text() == "[::1]:26379");
  CHECK(options->role == RedisOptions::Role::kMaster);
  CHECK(options->master_name == "mymaster");
  CHECK(options->sentinel_username == "su");
  CHECK(options->sentinel_password == "sp");
  CHECK(options->password == "p");
  CHECK(Read({{"failover", "true"}, {"redishost", "a"}})
            .status()
            .message()
            .starts_with("sentinelMasterName: "));
  CHECK(Read({{"failover", "true"}, {"redishost", "a,,b"}, {"sentinelmastername", "m"}})
            .status()
            .code() == StatusCode::kInvalidArgument);
  CHECK(Read({{"redishost", "a,b"}}).status().message().find("failover") != std::string_view::npos);
}

TEST_CASE("a bad number is INVALID_ARGUMENT and names its field") {
  for (const auto& [name, text] : std::map<std::string, std::string>{
           {"redisport", "70000"}, {"redisdb", "-1"}, {"poolsize", "-1"}, {"redishost", "h:x"}}) {
    INFO(name);
    CHECK(Read({{name, text}}).status().code() == StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace mecha::components
