// SPDX-License-Identifier: Apache-2.0
#include "encoding/uuid.h"

#include <array>

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a UUID of random bytes carries version 4 and the RFC's variant") {
  std::array<unsigned char, 16> bytes{};
  CHECK(FormatUuid(bytes) == "00000000-0000-4000-8000-000000000000");
  bytes.fill(0xFF);
  CHECK(FormatUuid(bytes) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  CHECK(IsUuid(FormatUuid(bytes)));
}

TEST_CASE("only 8-4-4-4-12 hexadecimal digits are a UUID") {
  CHECK(IsUuid("919108F7-52D1-4320-9BAC-F847DB4148A8"));
  for (const char* text :
       {"", "919108f7-52d1-4320-9bac-f847db4148a", "919108f752d143209bacf847db4148a8",
        "919108f7-52d1-4320-9bac-f847db4148ag", "919108f7x52d1-4320-9bac-f847db4148a8",
        "{919108f7-52d1-4320-9bac-f847db4148a}"}) {
    INFO(text);
    CHECK_FALSE(IsUuid(text));
  }
}

}  // namespace
}  // namespace mecha
