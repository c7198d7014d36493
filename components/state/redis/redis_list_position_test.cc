// SPDX-License-Identifier: Apache-2.0
#include "redis_list_position.h"

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("a position survives as text, whatever its keys hold") {
  ListPosition position;
  position.cursor = 18446744073709551615U;
  position.keys = {"app", std::string("app\0;3:", 7), "app||k"};
  const auto read = ParsePosition(position.Text(), "app");
  REQUIRE(read.ok());
  CHECK(read->cursor == position.cursor);
  CHECK(read->keys == position.keys);
  CHECK_FALSE(read->is_end());
  CHECK(ParsePosition("0;", "x")->is_end());
}

TEST_CASE("a damaged position, or one of another prefix, is refused") {
  for (const std::string_view text :
       {"", ";", "1", "1;3", "1;3:ab", "1;3:abcd", "x;", "-1;", "1;3:xbc",
        "1;-1:", "18446744073709551616;", "1;18446744073709551615:a"}) {
    INFO(text);
    CHECK(ParsePosition(text, "a").status().code() == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("the pattern matches the prefix literally") {
  CHECK(PrefixPattern("") == "*");
  CHECK(PrefixPattern("app||k") == "app||k*");
  CHECK(PrefixPattern("*?[a]\\") == "\\*\\?\\[a\\]\\\\*");
  CHECK(PrefixPattern(std::string_view("a\0b", 3)) == std::string("a\0b*", 4));
}

}  // namespace
}  // namespace MECHA_COMPONENT
