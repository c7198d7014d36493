// SPDX-License-Identifier: Apache-2.0
#include "encoding/quantity.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("quantities read as in Kubernetes") {
  CHECK(ParseQuantity("0") == 0);
  CHECK(ParseQuantity("42") == 42);
  CHECK(ParseQuantity("+42") == 42);
  CHECK(ParseQuantity("1k") == 1000);
  CHECK(ParseQuantity("1Ki") == 1024);
  CHECK(ParseQuantity("100Mi") == 104857600);
  CHECK(ParseQuantity("1G") == 1000000000);
  CHECK(ParseQuantity("1.5Gi") == 1610612736);
  CHECK(ParseQuantity("1e3") == 1000);
  CHECK(ParseQuantity("12E2") == 1200);
  CHECK(ParseQuantity("1E") == 1000000000000000000);
  CHECK(ParseQuantity("15e-1") == 2);
  CHECK(ParseQuantity("1m") == 1);
  CHECK(ParseQuantity("1500m") == 2);
  CHECK(ParseQuantity("18446744073709551615") == UINT64_MAX);
}

TEST_CASE("what is not a quantity of bytes is refused") {
  for (const char* text : {"", "-1", "Mi", ".", "1.2.3", "1 Mi", "1KB", "1K", "1ki", "1mi", "1e",
                           "1ex", "1e99", "18446744073709551616", "16Ei", "100MB", "1e3Mi"}) {
    INFO(text);
    CHECK_FALSE(ParseQuantity(text).has_value());
  }
}

}  // namespace
}  // namespace mecha
