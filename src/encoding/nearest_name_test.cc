// SPDX-License-Identifier: Apache-2.0
#include "encoding/nearest_name.h"

#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

constexpr std::string_view kNames[] = {"redisHost", "redisPassword", "redisUsername", "enableTLS",
                                       "ttl"};

TEST_CASE("a slip finds the name that was meant") {
  CHECK(NearestName("redisHots", kNames) == "redisHost");
  CHECK(NearestName("redishost", kNames) == "redisHost");
  CHECK(NearestName("redisPasword", kNames) == "redisPassword");
  CHECK(NearestName("enabelTLS", kNames) == "enableTLS");
  CHECK(NearestName("tll", kNames) == "ttl");
  CHECK(DidYouMean("ttls", kNames) == " Did you mean \"ttl\"?");
}

TEST_CASE("a name that is far off, empty or endless finds nothing") {
  CHECK_FALSE(NearestName("connectionString", kNames).has_value());
  CHECK_FALSE(NearestName("", kNames).has_value());
  CHECK_FALSE(NearestName("a", kNames).has_value());
  CHECK_FALSE(NearestName(std::string(5000, 'r'), kNames).has_value());
  CHECK_FALSE(NearestName("redisHost", {}).has_value());
  CHECK(DidYouMean("connectionString", kNames).empty());
}

}  // namespace
}  // namespace mecha
