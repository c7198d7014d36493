// SPDX-License-Identifier: Apache-2.0
#include "encoding/duration.h"

#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations read as in Go") {
  CHECK(ParseDuration("1h30m") == 90min);
  CHECK(ParseDuration("1.5s") == 1500ms);
  CHECK(ParseDuration(".5s") == 500ms);
  CHECK(ParseDuration("1.s") == 1s);
  CHECK(ParseDuration("100ms") == 100ms);
  CHECK(ParseDuration("10us") == 10us);
  CHECK(ParseDuration("10\xC2\xB5s") == 10us);
  CHECK(ParseDuration("10\xCE\xBCs") == 10us);
  CHECK(ParseDuration("7ns") == 7ns);
  CHECK(ParseDuration("+5s") == 5s);
  CHECK(ParseDuration("2562047h47m16.854775807s") == std::chrono::nanoseconds(INT64_MAX));
  CHECK(ParseDuration("0.3333333333333333333h") == 1199999999999ns);
}

TEST_CASE("a negative duration is reported, not hidden") {
  CHECK(ParseDuration("-1m") == -1min);
  CHECK(ParseDuration("-1", "s") == -1s);
}

TEST_CASE("a bare number is taken in the caller's unit, or refused without one") {
  CHECK(ParseDuration("250", "ms") == 250ms);
  CHECK(ParseDuration("250", "s") == 250s);
  CHECK_FALSE(ParseDuration("250").has_value());
  CHECK(ParseDuration("0") == 0ns);
  CHECK_FALSE(ParseDuration("1.5", "s").has_value());
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text :
       {"", "-", "+", "s", ".", ".s", "1x", "1 s", "1s ", "1h 30m", "1sm", "1S",
        "9223372036854775808ns", "2562047h48m", "99999999999h", "1e3s", "--1s"}) {
    INFO(text);
    CHECK_FALSE(ParseDuration(text, "s").has_value());
  }
}

}  // namespace
}  // namespace mecha
