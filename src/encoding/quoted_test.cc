// SPDX-License-Identifier: Apache-2.0
#include "encoding/quoted.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("quoted text shows control bytes and leaves the rest alone") {
  CHECK(Quoted("orders") == "\"orders\"");
  CHECK(Quoted("a\nb\x7f") == "\"a\\x0ab\\x7f\"");
  CHECK(Quoted("Zo\xc3\xab") == "\"Zo\xc3\xab\"");
}

TEST_CASE("long text is cut and says so") {
  CHECK(Quoted(std::string(80, 'x')) == "\"" + std::string(80, 'x') + "\"");
  CHECK(Quoted(std::string(81, 'x')) == "\"" + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace mecha
