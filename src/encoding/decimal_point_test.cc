// SPDX-License-Identifier: Apache-2.0
#include "encoding/decimal_point.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a fraction has a point, whatever the host's locale makes of it") {
  CHECK(WithDecimalPoint("-3,14e+2") == "-3.14e+2");
  CHECK(WithDecimalPoint("0.25") == "0.25");
  CHECK(WithDecimalPoint("1E-7") == "1E-7");
}

}  // namespace
}  // namespace mecha
