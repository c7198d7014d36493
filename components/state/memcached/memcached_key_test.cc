// SPDX-License-Identifier: Apache-2.0
#include "memcached_key.h"

#include <string>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("a key of 250 bytes is taken, also in other scripts") {
  CHECK(CheckKey("app||order-1").ok());
  CHECK(CheckKey(std::string(250, 'k')).ok());
  CHECK(CheckKey("gr\xC3\xBC\xC3\x9F"
                 "e")
            .ok());
  CHECK(CheckKey("\"';\\{}*?").ok());
}

TEST_CASE("a key that memcached does not take is INVALID_ARGUMENT and says why") {
  const Status longer = CheckKey(std::string(251, 'k'));
  CHECK(longer.code() == StatusCode::kInvalidArgument);
  CHECK(longer.message().find("251 bytes") != std::string_view::npos);
  for (const std::string key : {"a b", "a\tb", "a\r\nms x 0", "a\x7f", " ", "\n"}) {
    const Status status = CheckKey(key);
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().find("control character") != std::string_view::npos);
  }
  CHECK_FALSE(CheckKey(std::string("a\0b", 3)).ok());
}

// Expected by hand from zlib.crc32(key) % count.
TEST_CASE("a key belongs to the server that its CRC-32 names") {
  CHECK(ServerOf("anything", 1) == 0);
  CHECK(ServerOf("123456789", 1000) == 0xCBF43926 % 1000);
  CHECK(ServerOf("app||order-1", 3) == 1);
  CHECK(ServerOf("app||order-2", 3) == 2);
  CHECK(ServerOf("gr\xC3\xBC\xC3\x9F"
                 "e",
                 7) == 3);
}

}  // namespace
}  // namespace MECHA_COMPONENT
