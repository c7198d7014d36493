// SPDX-License-Identifier: Apache-2.0
#include "encoding/boolean.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("Dapr's truthy words are true in any case") {
  for (const char* text : {"y", "YES", "true", "True", "t", "on", "ON", "1"}) {
    INFO(text);
    CHECK(IsTruthy(text));
    CHECK(ParseBoolean(text) == true);
  }
}

TEST_CASE("their opposites are false and nothing else is a boolean") {
  for (const char* text : {"n", "No", "false", "F", "off", "0"}) {
    INFO(text);
    CHECK_FALSE(IsTruthy(text));
    CHECK(ParseBoolean(text) == false);
  }
  for (const char* text : {"", "2", "yess", " true", "enabled", "-1"}) {
    INFO(text);
    CHECK_FALSE(IsTruthy(text));
    CHECK_FALSE(ParseBoolean(text).has_value());
  }
}

TEST_CASE("a boolean of a request is what Go takes as one") {
  for (const char* text : {"1", "t", "T", "true", "TRUE", "True"}) {
    CHECK(ParseGoBoolean(text) == true);
  }
  for (const char* text : {"0", "f", "F", "false", "FALSE", "False"}) {
    CHECK(ParseGoBoolean(text) == false);
  }
  for (const char* text : {"", "yes", "on", "tRUE", " true", "2"}) {
    CHECK_FALSE(ParseGoBoolean(text).has_value());
  }
}

}  // namespace
}  // namespace mecha
