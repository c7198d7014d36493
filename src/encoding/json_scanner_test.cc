// SPDX-License-Identifier: Apache-2.0
#include "encoding/json_scanner.h"

#include <random>
#include <string>
#include <vector>

#include "encoding/json.h"
#include "support/catch.h"
#include "support/json_reference.h"

namespace mecha {
namespace {

constexpr std::string_view kWell[] = {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "-0",
                                      "1",
                                      "-1.5e3",
                                      "1E+2",
                                      "1e-2",
                                      "0.0",
                                      "0e0",
                                      "123456789012345678901234567890",
                                      "3.141592653589793238462643383279",
                                      "\"\"",
                                      "\"a\"",
                                      R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD83D\uDE00")",
                                      "\"gr\xC3\xBC\xC3\x9F\"",
                                      "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"",
                                      "\"\x7F\"",
                                      "{}",
                                      "[]",
                                      "[[]]",
                                      "[{}]",
                                      "[1,2,3]",
                                      " [ 1 ,\t2\r\n] ",
                                      R"({"a":1})",
                                      R"({"a":1,"a":2})",
                                      R"({ "" : { "b" : [ null ] } })",
                                      R"({"a\u0000b":"\u0000"})",
                                      R"([1,{"a":[]},"x",true,false,null,-0.5e-7])"};

constexpr std::string_view kMalformed[] = {"",
                                           " ",
                                           "{",
                                           "}",
                                           "[",
                                           "]",
                                           "[1",
                                           "[1,",
                                           "[1,]",
                                           "[,1]",
                                           "[,]",
                                           "[1 2]",
                                           "{,}",
                                           R"({"a"})",
                                           R"({"a":})",
                                           R"({"a":1,})",
                                           R"({"a":1)",
                                           R"({"a":1]})",
                                           R"([1})",
                                           R"({"a" 1})",
                                           R"({a:1})",
                                           R"({1:1})",
                                           R"({'a':1})",
                                           R"({"a":1 "b":2})",
                                           R"({"a"::1})",
                                           "1 2",
                                           "1,",
                                           "nul",
                                           "nulL",
                                           "truefalse",
                                           "tru",
                                           "True",
                                           "NaN",
                                           "Infinity",
                                           "-",
                                           "-a",
                                           "+1",
                                           "01",
                                           "-01",
                                           "1.",
                                           ".5",
                                           "1.e3",
                                           "1e",
                                           "1e+",
                                           "1ee3",
                                           "0x10",
                                           "--1",
                                           "1-",
                                           "'a'",
                                           "/**/1",
                                           "1//",
                                           "\v1",
                                           "\u00A01",
                                           "[1\f]",
                                           "\"a\"b\"",
                                           "{\"a\":1}}",
                                           "[]]",
                                           "[\"",
                                           "[\"a\",\"b]",
                                           "\xEF\xBB\xBF{}",
                                           std::string_view("1\0", 2),
                                           std::string_view("{}\0x", 4)};

constexpr std::string_view kMalformedStrings[] = {"\"",
                                                  "\"a",
                                                  "\"a\\",
                                                  "\"\\\"",
                                                  R"("\x")",
                                                  R"("\u")",
                                                  R"("\u12")",
                                                  R"("\u12G4")",
                                                  R"("\U0041")",
                                                  R"("\uD800")",
                                                  R"("\uDC00")",
                                                  R"("\uD800\u0041")",
                                                  R"("\uD800\uD800")",
                                                  R"("\uD800x")",
                                                  R"("\uD83D\n")",
                                                  "\"\n\"",
                                                  "\"\t\"",
                                                  std::string_view("\"\0\"", 3),
                                                  "\"\x1F\"",
                                                  "\"\xFF\"",
                                                  "\"\xC3\"",
                                                  "\"\xC0\x80\"",
                                                  "\"\xED\xA0\x80\"",
                                                  "\"\xF5\x80\x80\x80\"",
                                                  "\"\xE2\x82\"",
                                                  "{\"\xFF\":1}"};

std::string Opened(size_t depth) { return std::string(depth, '['); }
std::string Closed(size_t depth) { return std::string(depth, ']'); }

std::vector<std::string> Well() {
  std::vector<std::string> texts(std::begin(kWell), std::end(kWell));
  for (const size_t depth : {60, 64, 65, 129}) {
    texts.push_back(Opened(depth) + Closed(depth));
    texts.push_back(Opened(depth) + R"({"a":[[]],"b":{}})" + Closed(depth));
  }
  texts.push_back("\"" + std::string(100, 'x') + "\\n" + std::string(100, 'y') + "\"");
  return texts;
}

std::vector<std::string> Malformed() {
  std::vector<std::string> texts(std::begin(kMalformed), std::end(kMalformed));
  texts.insert(texts.end(), std::begin(kMalformedStrings), std::end(kMalformedStrings));
  texts.push_back(Opened(65) + Closed(64));
  texts.push_back(Opened(64) + Closed(65));
  texts.push_back(Opened(64) + "{]" + Closed(64));
  return texts;
}

void CheckAgainstReference(const std::string& text) {
  const std::optional<bool> expected = ReferenceIsJson(text);
  if (expected.has_value() && IsJson(text) != *expected) {
    INFO(text);
    CHECK(IsJson(text) == *expected);
  }
}

TEST_CASE("every form of value is taken") {
  for (const std::string& text : Well()) {
    INFO(text);
    CHECK(IsJson(text));
    CHECK(ReferenceIsJson(text) == true);
  }
}

TEST_CASE("what is no JSON is refused with its place and its reason") {
  for (const std::string& text : Malformed()) {
    INFO(text);
    CHECK_FALSE(IsJson(text));
    CHECK(ReferenceIsJson(text) == false);
    JsonScanner scanner(text);
    if (!scanner.TakeValue().has_value()) {
      CHECK((scanner.error() != nullptr));
    }
    CHECK(scanner.position() <= text.size());
  }
}

TEST_CASE("changed texts are judged as another parser judges them") {
  std::vector<std::string> corpus = Well();
  for (std::string& text : Malformed()) {
    corpus.push_back(std::move(text));
  }
  const std::string odd = "{}[]:,\"\\ue019-+.\x80\xC3\xE2\xED\xF0 \n\x1F" + std::string(1, '\0');
  std::mt19937 random(39);
  for (int i = 0; i < 20000; ++i) {
    std::string text = corpus[random() % corpus.size()];
    for (unsigned change = random() % 3; change != 3; ++change) {
      const size_t at = random() % (text.size() + 1);
      if (random() % 2 == 0 || at == text.size()) {
        text.insert(at, 1, odd[random() % odd.size()]);
      } else {
        text.erase(at, 1 + random() % 3);
      }
    }
    CheckAgainstReference(text);
  }
}

TEST_CASE("a number beyond a double is JSON, as the grammar says") {
  CHECK(IsJson("1e999"));
  CHECK(IsJson("[-1E+400]"));
}

TEST_CASE("values are slices of the text, with their kinds") {
  JsonScanner scanner(R"(  {"a": [1, "}"]} "x\n" -1.5 null true )");
  const JsonKind kinds[] = {JsonKind::kObject, JsonKind::kString, JsonKind::kNumber,
                            JsonKind::kNull, JsonKind::kBoolean};
  const char* const texts[] = {R"({"a": [1, "}"]})", R"("x\n")", "-1.5", "null", "true"};
  for (size_t i = 0; i < std::size(texts); ++i) {
    const std::optional<JsonValue> value = scanner.TakeValue();
    REQUIRE(value.has_value());
    CHECK(value->raw == texts[i]);
    CHECK((value->kind == kinds[i]));
    CHECK(value->has_escapes == (i == 1));
  }
  CHECK(scanner.IsAtEnd());
  CHECK_FALSE(scanner.TakeValue().has_value());
}

TEST_CASE("an error says where it is") {
  const struct {
    std::string text;
    size_t position;
    std::string error;
  } cases[] = {
      {R"({"a":1 "b":2})", 7, "',' or '}' was expected"},
      {R"([1;2])", 2, "',' or ']' was expected"},
      {R"({"a":tru})", 5, "a value was expected"},
      {R"(["ab)", 4, "the string has no end"},
      {"[\"ab\n\"]", 4, "a control character must be escaped in a string"},
      {"[\"abc\xFF\"]", 5, "the string is not UTF-8"},
      {R"(["\x"])", 2, "there is no such escape"},
      {R"(["\u00g0"])", 2, "\\u takes four hexadecimal digits"},
      {R"({"a"=1})", 4, "':' was expected"},
      {R"({1:2})", 1, "a name in quotes was expected"},
      {R"([-x])", 2, "a digit was expected"},
  };
  for (const auto& each : cases) {
    INFO(each.text);
    JsonScanner scanner(each.text);
    CHECK_FALSE(scanner.TakeValue().has_value());
    CHECK(scanner.position() == each.position);
    CHECK(std::string(scanner.error()) == each.error);
  }
}

TEST_CASE("nesting up to the limit is taken and more is refused") {
  for (const size_t deepest : {1, 3, 64, 65, 200}) {
    const std::string at_limit = std::string(deepest, '[') + std::string(deepest, ']');
    JsonScanner allowed(at_limit, deepest);
    CHECK(allowed.TakeValue().has_value());
    const std::string text = "[" + at_limit + "]";
    JsonScanner refused(text, deepest);
    CHECK_FALSE(refused.TakeValue().has_value());
    CHECK(refused.position() == deepest);
    CHECK(std::string(refused.error()) == "objects and arrays are nested too deeply");
  }
}

TEST_CASE("strings read back as another parser reads them") {
  for (const std::string& text : Well()) {
    JsonScanner scanner(text);
    const std::optional<JsonValue> value = scanner.TakeValue();
    REQUIRE(value.has_value());
    if (value->kind != JsonKind::kString) {
      continue;
    }
    std::string out(value->inner().size(), '\0');
    out.resize(UnescapeJson(value->inner(), out.data()));
    INFO(text);
    CHECK(out == nlohmann::json::parse(text).get<std::string>());
    std::string again;
    AppendJsonString(again, out);
    CHECK(nlohmann::json::parse(again).get<std::string>() == out);
    CHECK(JsonStringSize(out) == again.size());
  }
}

}  // namespace
}  // namespace mecha
