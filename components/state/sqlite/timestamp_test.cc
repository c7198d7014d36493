// SPDX-License-Identifier: Apache-2.0
#include "timestamp.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

WallTime At(int64_t second, int64_t nanosecond = 0) {
  return WallTime(seconds(second) + std::chrono::nanoseconds(nanosecond));
}

TEST_CASE("moments are written as SQLite writes CURRENT_TIMESTAMP") {
  CHECK(Timestamp::Of(At(0)).text() == "1970-01-01 00:00:00");
  CHECK(Timestamp::Of(At(1709210096, 999'999'999)).text() == "2024-02-29 12:34:56");
  CHECK(Timestamp::Of(At(-1)).text() == "1969-12-31 23:59:59");
}

TEST_CASE("an expiry is never early and at most a second late") {
  CHECK(Timestamp::AfterTtl(At(100), seconds(5)).text() == Timestamp::Of(At(105)).text());
  CHECK(Timestamp::AfterTtl(At(100, 1), seconds(5)).text() == Timestamp::Of(At(106)).text());
  CHECK(Timestamp::AfterTtl(At(100), milliseconds(1)).text() == Timestamp::Of(At(101)).text());
  CHECK(Timestamp::AfterTtl(At(100), milliseconds::max()).text() == "2261-12-31 23:59:59");
}

TEST_CASE("what was written is read back; what is no moment is not") {
  for (const int64_t second : {int64_t{0}, int64_t{1709210096}, int64_t{-5}, int64_t{4102444800}}) {
    CHECK(ParseTimestamp(Timestamp::Of(At(second)).text()) == At(second));
  }
  CHECK(ParseTimestamp("2024-02-29 12:34:56.123") == At(1709210096));
  CHECK(ParseTimestamp("2024-02-29T12:34:56Z") == At(1709210096));
  for (const char* text : {"", "2024-02-29", "2024-02-30 00:00:00", "2024-02-29 24:00:00",
                           "2024-02-29 00:60:00", "aaaa-bb-cc dd:ee:ff", "9999-01-01 00:00:00"}) {
    INFO(text);
    CHECK_FALSE(ParseTimestamp(text).has_value());
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
