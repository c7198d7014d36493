// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_json.h"

#include "support/catch.h"

namespace mecha {
namespace {

std::string Shown(const CelValue& value) {
  switch (value.kind()) {
    case CelKind::kBool:
      return value.boolean() ? "true" : "false";
    case CelKind::kDouble:
      return std::to_string(value.number());
    case CelKind::kString:
    case CelKind::kJsonList:
    case CelKind::kJsonMap:
      return std::string(NameOf(value.kind())) + " " + std::string(value.text());
    case CelKind::kError:
      return "error " + TextOfError(value);
    default:
      return std::string(NameOf(value.kind()));
  }
}

std::string Value(std::string_view json) {
  CelArena arena;
  return Shown(ValueOfJson(json, arena));
}

std::string Found(std::string_view object, std::string_view key) {
  CelArena arena;
  const std::optional<CelValue> value = FindInJson(object, key, arena);
  return value.has_value() ? Shown(*value) : "absent";
}

constexpr std::string_view kBad =
    "error the message holds text that is not JSON where JSON was announced";

TEST_CASE("every kind of JSON value is taken") {
  CHECK(Value("null") == "null");
  CHECK(Value(" true\n") == "true");
  CHECK(Value("false") == "false");
  CHECK(Value("-12.5e1") == "-125.000000");
  CHECK(Value("\"a\"") == "string a");
  CHECK(Value("\"\"") == "string ");
  CHECK(Value(" [1, 2] ") == "list [1, 2]");
  CHECK(Value("{\"a\": {}}") == "map {\"a\": {}}");
  CHECK(Value("1e999") == "error a number of the message is out of range");
}

TEST_CASE("texts are unescaped and lone halves of a pair replaced") {
  CHECK(Value(R"("\"\\\/\b\f\n\r\t")") == "string \"\\/\b\f\n\r\t");
  CHECK(Value(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "string A\u00e9\u20ac\U0001F600");
  CHECK(Value(R"("\ud83dx\ude00\ud83d\u0041")") == "string \uFFFDx\uFFFD\uFFFDA");
  CHECK(Value(R"("\u0000")") == std::string("string \0", 8));
  for (const char* bad : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\)", R"("\")", R"("a)"}) {
    INFO(bad);
    CHECK(Value(bad) == kBad);
  }
}

TEST_CASE("what is not JSON is noticed where it is read") {
  for (const char* bad :
       {"", " ", "nul", "tru e", "1 2", "1x", "inf", "nan", "\"a\" b", "{", "]", "[}", "+1"}) {
    INFO(bad);
    CHECK(Value(bad) == kBad);
  }
  for (const char* bad : {"{\"a\" 1}", "{\"a\":}", "{a:1}", "{\"a\":1 \"b\":2}", "{\"a\":1,}",
                          "{\"a\":1}}", "{\"a\":[1}", "{\"a\":\"}", "{,}", "{\"a\":1", "{"}) {
    INFO(bad);
    CHECK(Found(bad, "a") == kBad);
  }
}

TEST_CASE("a key is found wherever it stands in its own object and nowhere below") {
  constexpr std::string_view kObject =
      R"({"x": {"a": 1, "b": "}"}, "a": "\"},a:{", "list": [{"a": 2}], "\u0062": true, "a" : 3 })";
  CHECK(Found(kObject, "a") == "3.000000");
  CHECK(Found(kObject, "b") == "true");
  CHECK(Found(kObject, "x") == R"(map {"a": 1, "b": "}"})");
  CHECK(Found(kObject, "c") == "absent");
  CHECK(Found("{}", "a") == "absent");
  CHECK(Found("{ }", "a") == "absent");
  CHECK(Found("{\"\":1}", "") == "1.000000");
}

TEST_CASE("a walk names every entry and stops for good at the end or at a mistake") {
  JsonWalk list(R"([ 1 ,"a,]" , [2,3],{"x":[]}])");
  std::string values;
  while (list.Next()) {
    values += std::string(list.value()) + ";";
  }
  CHECK(values == R"(1;"a,]";[2,3];{"x":[]};)");
  CHECK_FALSE(list.is_broken());
  CHECK_FALSE(list.Next());
  JsonWalk broken("[1 2]");
  CHECK(broken.Next());
  CHECK_FALSE(broken.Next());
  CHECK(broken.is_broken());
  CHECK_FALSE(broken.Next());
  JsonWalk empty("");
  CHECK_FALSE(empty.Next());
}

TEST_CASE("deep nesting needs no stack") {
  const std::string deep = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  CHECK(Found("{\"a\":" + deep + ",\"b\":1}", "b") == "1.000000");
  CHECK(Found("{\"a\":" + std::string(1 << 20, '{') + "}", "b") == kBad);
}

}  // namespace
}  // namespace mecha
