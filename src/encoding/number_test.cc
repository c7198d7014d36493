// SPDX-License-Identifier: Apache-2.0
#include "encoding/number.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a whole text is a number or is not") {
  CHECK(ParseNumber<int64_t>("-9223372036854775808") == INT64_MIN);
  CHECK(ParseNumber<double>("2.5e3") == 2500.0);
  for (const char* text : {"", " 1", "1 ", "+1", "0x10", "1.5", "9223372036854775808", "one"}) {
    INFO(text);
    CHECK_FALSE(ParseNumber<int64_t>(text).has_value());
  }
  CHECK_FALSE(ParseNumber<double>("1,5").has_value());
}

}  // namespace
}  // namespace mecha
