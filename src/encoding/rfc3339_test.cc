// SPDX-License-Identifier: Apache-2.0
#include "encoding/rfc3339.h"

#include <cstdint>

#include "support/catch.h"

namespace mecha {
namespace {

UtcTime At(int64_t ns) { return UtcTime(std::chrono::nanoseconds(ns)); }

TEST_CASE("moments are written in UTC with the digits they need") {
  CHECK(FormatRfc3339(At(0)) == "1970-01-01T00:00:00Z");
  CHECK(FormatRfc3339(At(1'500'000'000)) == "1970-01-01T00:00:01.5Z");
  CHECK(FormatRfc3339(At(-1)) == "1969-12-31T23:59:59.999999999Z");
  CHECK(FormatRfc3339(At(951'827'696'000'000'000)) == "2000-02-29T12:34:56Z");
  CHECK(FormatRfc3339(At(INT64_MAX)) == "2262-04-11T23:47:16.854775807Z");
}

TEST_CASE("the examples of RFC 3339 read as the RFC says") {
  CHECK(ParseRfc3339("1985-04-12T23:20:50.52Z") == At(482'196'050'520'000'000));
  CHECK(ParseRfc3339("1996-12-19T16:39:57-08:00") == ParseRfc3339("1996-12-20T00:39:57Z"));
  CHECK(ParseRfc3339("1990-12-31T23:59:60Z") == ParseRfc3339("1991-01-01T00:00:00Z"));
  CHECK(ParseRfc3339("1990-12-31T15:59:60-08:00") == ParseRfc3339("1991-01-01T00:00:00Z"));
  CHECK(ParseRfc3339("1937-01-01T12:00:27.87+00:20") == ParseRfc3339("1937-01-01t11:40:27.87z"));
  CHECK(ParseRfc3339("1970-01-01T00:00:00.1234567891Z") == At(123'456'789));
}

TEST_CASE("what is written reads back") {
  for (const int64_t ns :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1'700'000'000'123'456'789}, INT64_MAX}) {
    CHECK(ParseRfc3339(FormatRfc3339(At(ns))) == At(ns));
  }
}

TEST_CASE("what is not RFC 3339 is refused") {
  for (const char* text :
       {"", "2026-01-02", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
        "2026-02-29T03:04:05Z", "2026-01-02T24:04:05Z", "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:61Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+0100",
        "2026-01-02T03:04:05Zx", "9999-01-01T00:00:00Z", "26-01-02T03:04:05Z",
        "2026-01-02T03:04:05+24:00"}) {
    INFO(text);
    CHECK_FALSE(ParseRfc3339(text).has_value());
  }
}

}  // namespace
}  // namespace mecha
