// SPDX-License-Identifier: Apache-2.0
#include "encoding/json.h"

#include "support/catch.h"

namespace mecha {
namespace {

std::string AsJson(std::string_view text) {
  std::string out = "x";
  AppendJsonString(out, text);
  return out.substr(1);
}

TEST_CASE("one JSON value is JSON and nothing else is") {
  for (const char* text : {"null", "1", "-1.5e3", "\"a\"", "{}", "[1,{\"a\":[]}]", " true\n"}) {
    INFO(text);
    CHECK(IsJson(text));
  }
  for (const char* text : {"", " ", "{", "{a:1}", "1 2", "nul", "'a'", "[1,]", "\"\xFF\"", "01"}) {
    INFO(text);
    CHECK_FALSE(IsJson(text));
  }
  CHECK_FALSE(IsJson(std::string_view()));
}

TEST_CASE("nesting does not use up the stack") {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  CHECK(IsJson(deep));
  CHECK_FALSE(IsJson(std::string(200000, '[')));
}

TEST_CASE("strings are quoted so that they read back") {
  CHECK(AsJson("plain") == "\"plain\"");
  CHECK(AsJson("a\"b\\c\nd\re\tf") == R"("a\"b\\c\nd\re\tf")");
  CHECK(AsJson(std::string_view("\0\x1f", 2)) == R"("\u0000\u001f")");
  CHECK(AsJson("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
  CHECK(AsJson("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(IsJson(AsJson("a\xFF\"\x01")));
}

}  // namespace
}  // namespace mecha
