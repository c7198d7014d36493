// SPDX-License-Identifier: Apache-2.0
#include "config/document_splitter.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("documents end at lines that start with three dashes") {
  const auto documents = SplitDocuments("---\na: 1\n---\nb: 2\n\n--- # note\nc: 3\n");
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].text == "---\na: 1");
  CHECK(documents[0].first_line == 1);
  CHECK(documents[1].text == "b: 2\n");
  CHECK(documents[1].first_line == 4);
  CHECK(documents[1].cut_away == " # note");
  CHECK(documents[2].text == "c: 3\n");
  CHECK(documents[2].first_line == 7);
}

TEST_CASE("the rest of the separator's line belongs to no document") {
  const auto documents = SplitDocuments("a: 1\n--- lost: 2\nb: 3");
  REQUIRE(documents.size() == 2);
  CHECK(documents[0].cut_away == " lost: 2");
  CHECK(documents[1].text == "b: 3");
}

TEST_CASE("a separator at the very end loses nothing") {
  CHECK(SplitDocuments("").size() == 1);
  CHECK(SplitDocuments("a: 1\n---").size() == 1);
  CHECK(SplitDocuments("a: 1\n---")[0].text == "a: 1");
  CHECK(SplitDocuments("a: 1\n---\n").back().text == "");
  CHECK(SplitDocuments("a: 1\r\n---\r\nb: 2")[1].text == "b: 2");
}

}  // namespace
}  // namespace mecha
