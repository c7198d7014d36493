// SPDX-License-Identifier: Apache-2.0
#include "state/page_token.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("a page token gives its position back") {
  const std::string position("a\0b", 3);
  const std::string token = EncodePageToken({"orders", "cust-"}, position);
  CHECK(*DecodePageToken({"orders", "cust-"}, token) == position);
}

TEST_CASE("a page token of another store, prefix or version is refused") {
  const std::string token = EncodePageToken({"orders", "cust-"}, "7");
  CHECK(IsInvalidArgument(DecodePageToken({"other", "cust-"}, token).status()));
  CHECK(IsInvalidArgument(DecodePageToken({"orders", "c"}, token).status()));
  CHECK(IsInvalidArgument(DecodePageToken({"orders", "cust-"}, "!!").status()));
  CHECK(IsInvalidArgument(DecodePageToken({"orders", "cust-"}, "MQ==").status()));
}

}  // namespace
}  // namespace mecha
