// SPDX-License-Identifier: Apache-2.0
#include "encoding/hex.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("hex writes lower case and reads both") {
  CHECK(EncodeHex(std::string_view("\x00\xfe\x9a", 3)) == "00fe9a");
  CHECK(DecodeHex("00FE9a") == std::string("\x00\xfe\x9a", 3));
  CHECK(EncodeHex("").empty());
  CHECK(DecodeHex("") == "");
}

TEST_CASE("hex refuses odd lengths and other characters") {
  for (const char* text : {"0", "0g", "g0", "0x", " 0", "00 "}) {
    INFO(text);
    CHECK_FALSE(DecodeHex(text).has_value());
  }
}

}  // namespace
}  // namespace mecha
