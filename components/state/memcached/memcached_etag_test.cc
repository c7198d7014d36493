// SPDX-License-Identifier: Apache-2.0
#include "memcached_etag.h"

#include <string>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("an etag is read back as what it was made of") {
  constexpr uint64_t kMost = ~uint64_t{0};
  for (const ItemVersion& version :
       {ItemVersion{1, {1'795'273'880, 1}}, ItemVersion{kMost, {kMost, kMost}}}) {
    const auto parsed = ParseEtag(MakeEtag(version).view());
    REQUIRE(parsed.ok());
    CHECK(parsed->number == version.number);
    CHECK(parsed->start == version.start);
  }
  CHECK(MakeEtag({17, {1000, 42}}).view() == "17-1000-42");
}

TEST_CASE("a server that counts nothing gives no etag") {
  CHECK(MakeEtag({0, {1000, 42}}).empty());
}

TEST_CASE("what no server can have said is INVALID_ARGUMENT") {
  for (const std::string_view text :
       {"", "17", "17-1000", "17-1000-", "-1000-42", "0-1000-42", "017-1000-42", "17-01000-42",
        "17-1000-42-1", "17 -1000-42", "+17-1000-42", "x-1000-42", "17-1000-42 ",
        "18446744073709551616-1-1"}) {
    INFO(std::string(text));
    CHECK(ParseEtag(text).status().code() == StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
