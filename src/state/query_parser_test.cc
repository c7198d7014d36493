// SPDX-License-Identifier: Apache-2.0
#include "state/query_parser.h"

#include <string>

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

using Operator = QueryFilter::Operator;
using Kind = QueryOperand::Kind;

std::string PathOf(const QueryPath& path) {
  std::string text;
  for (const std::string& name : path) {
    text += "/" + name;
  }
  return text;
}

// The message of a refused query.
std::string Refusal(std::string_view text) {
  const auto query = ParseQuery(text);
  return IsInvalidArgument(query.status()) ? std::string(query.status().message()) : "not refused";
}

bool Says(std::string_view text, std::string_view part) {
  const std::string message = Refusal(text);
  INFO(message);
  return message.find(part) != std::string::npos;
}

std::string Nested(size_t depth) {
  std::string text = R"({"EQ": {"a": 1}})";
  for (size_t i = 1; i < depth; ++i) {
    text = R"({"AND": [)" + text + "]}";
  }
  return R"({"filter": )" + text + "}";
}

std::string Repeated(size_t count, std::string_view one) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + std::string(one);
  }
  return text;
}

TEST_CASE("Dapr's example becomes a filter, an order and a page") {
  const auto query = ParseQuery(R"({
    "filter": {"OR": [
      {"EQ": {"person.org": "Dev Ops"}},
      {"AND": [{"EQ": {"person.org": "Finance"}}, {"IN": {"state": ["CA", "WA"]}}]}]},
    "sort": [{"key": "state", "order": "DESC"}, {"key": "person.id"}],
    "page": {"limit": 3, "token": "t"}})");
  REQUIRE(query.ok());
  REQUIRE(query->filter.has_value());
  CHECK(query->filter->op == Operator::kOr);
  REQUIRE(query->filter->children.size() == 2);
  const QueryFilter& first = query->filter->children[0];
  CHECK(first.op == Operator::kEqual);
  CHECK(PathOf(first.path) == "/person/org");
  CHECK((first.operands[0].kind == Kind::kString && first.operands[0].text == "Dev Ops"));
  const QueryFilter& in = query->filter->children[1].children[1];
  CHECK(in.op == Operator::kIn);
  REQUIRE(in.operands.size() == 2);
  CHECK(in.operands[1].text == "WA");
  REQUIRE(query->sort.size() == 2);
  CHECK((query->sort[0].is_descending && !query->sort[1].is_descending));
  CHECK(PathOf(query->sort[1].path) == "/person/id");
  CHECK((query->limit == 3 && query->token == "t"));
}

TEST_CASE("every operator and kind of value is read, numbers as they are written") {
  for (const auto& [name, op] :
       {std::pair("EQ", Operator::kEqual), std::pair("NEQ", Operator::kNotEqual),
        std::pair("GT", Operator::kGreater), std::pair("GTE", Operator::kGreaterOrEqual),
        std::pair("LT", Operator::kLess), std::pair("LTE", Operator::kLessOrEqual)}) {
    const auto query = ParseQuery(R"({"filter": {")" + std::string(name) +
                                  R"(": {"a-b_1": 3.140000000000000001}}})");
    REQUIRE(query.ok());
    CHECK(query->filter->op == op);
    CHECK(query->filter->operands[0].text == "3.140000000000000001");
    CHECK(query->filter->operands[0].kind == Kind::kNumber);
  }
  const auto rest = ParseQuery(R"({"filter": {"IN": {"a": [true, null, -7, "x"]}}})");
  REQUIRE(rest.ok());
  const auto& operands = rest->filter->operands;
  CHECK((operands[0].kind == Kind::kBoolean && operands[0].text == "true"));
  CHECK((operands[1].kind == Kind::kNull && operands[1].text == "null"));
  CHECK((operands[2].kind == Kind::kNumber && operands[2].text == "-7"));
}

TEST_CASE("a query may ask for everything") {
  for (const char* text : {"{}", R"({"filter": {}})", R"({"sort": [], "page": {}})"}) {
    const auto query = ParseQuery(text);
    REQUIRE(query.ok());
    CHECK_FALSE(query->filter.has_value());
  }
}

TEST_CASE("a mistake is INVALID_ARGUMENT and names its place") {
  CHECK(Says("", "not JSON at byte"));
  CHECK(Says(R"({"filter": )", "not JSON at byte"));
  CHECK(Says("[]", "not a JSON object"));
  CHECK(Says(R"({"fliter": {}})", "fliter"));
  CHECK(Says(R"({"filter": {}, "filter": {}})", "twice"));
  CHECK(Says(R"({"filter": []})", "filter is not"));
  CHECK(Says(R"({"filter": {"LIKE": {"a": 1}}})", "LIKE"));
  CHECK(Says(R"({"filter": {"EQ": {"a": 1}, "NEQ": {"a": 2}}})", "one operator"));
  CHECK(Says(R"({"filter": {"AND": [{"EQ": {"a": 1}}, {"EQ": {}}]}})", "filter.AND[1].EQ"));
  CHECK(Says(R"({"filter": {"OR": []}})", "filter.OR"));
  CHECK(Says(R"({"filter": {"OR": {"EQ": {"a": 1}}}})", "filter.OR"));
  CHECK(Says(R"({"filter": {"IN": {"a": []}}})", "filter.IN"));
  CHECK(Says(R"({"filter": {"IN": {"a": "b"}}})", "filter.IN"));
  CHECK(Says(R"({"filter": {"EQ": {"a": [1]}}})", "filter.EQ"));
  CHECK(Says(R"({"filter": {"EQ": {"a": "\u0000"}}})", "filter.EQ"));
  CHECK(Says(R"({"filter": {"EQ": {"a": 1e-400}}})", "not refused"));
  CHECK(Says(R"({"filter": {"EQ": {"a": 1e-40000}}})", "too long"));
  CHECK(Says(R"({"filter": {"EQ": {"a": 1e400}}})", "not refused"));
  CHECK(Says(R"({"filter": {}} x)", "at byte 15: nothing more"));
  CHECK(Says(R"({"filter": {"GT": {"a": true}}})", "filter.GT"));
  CHECK(Says(R"({"filter": {"LTE": {"a": null}}})", "filter.LTE"));
  CHECK(Says(R"({"sort": {"key": "a"}})", "sort"));
  CHECK(Says(R"({"sort": [{"key": "a"}, {"order": "ASC"}]})", "sort[1]"));
  CHECK(Says(R"({"sort": [{"key": "a", "order": "UP"}]})", "sort[0].order"));
  CHECK(Says(R"({"sort": [{"key": "a", "by": "b"}]})", "sort[0]"));
  CHECK(Says(R"({"sort": ["a"]})", "sort[0]"));
  CHECK(Says(R"({"page": 3})", "page"));
  CHECK(Says(R"({"page": {"limit": -1}})", "page.limit"));
  CHECK(Says(R"({"page": {"limit": 1.5}})", "page.limit"));
  CHECK(Says(R"({"page": {"offset": 1}})", "offset"));
}

TEST_CASE("a member's name cannot carry anything but letters, digits, _ and -") {
  for (const std::string name : {"", ".", "a.", ".a", "a..b", "a b", "a'b", "a->>b", "a;b", "a[0]",
                                 "\xC3\xBC", "a)", "$1", "a/*"}) {
    INFO(name);
    CHECK(Says(R"({"filter": {"EQ": {")" + name + R"(": 1}}})", "filter.EQ names the member"));
    CHECK(Says(R"({"sort": [{"key": ")" + name + R"("}]})", "sort[0].key names the member"));
  }
}

TEST_CASE("size, depth, operators and values have limits") {
  CHECK(Says(R"({"filter": {"EQ": {"a": ")" + std::string(65536, 'x') + R"("}}})", "65536"));
  CHECK(ParseQuery(Nested(16)).ok());
  CHECK(Says(Nested(17), "16 operators"));
  CHECK(Says(Nested(3000), "too deeply"));
  const auto member = [](size_t names) {
    std::string path = "a";
    for (size_t i = 1; i < names; ++i) {
      path += ".b";
    }
    return R"({"filter": {"EQ": {")" + path + R"(": 1}}})";
  };
  CHECK(ParseQuery(member(16)).ok());
  CHECK(Says(member(17), "deeper than 16 names"));
  std::string members = R"("m0": 1)";
  for (int i = 1; i < 20; ++i) {
    members += R"(, "m)" + std::to_string(i) + R"(": 1)";
  }
  CHECK(Says("{" + members + "}", "more than 16 members"));
  const std::string one = R"({"EQ":{"a":1}})";
  CHECK(ParseQuery(R"({"filter":{"OR":[)" + Repeated(255, one) + "]}}").ok());
  CHECK(Says(R"({"filter":{"OR":[)" + Repeated(256, one) + "]}}", "OR[255] is the 257th"));
  CHECK(ParseQuery(R"({"filter":{"IN":{"a":[)" + Repeated(1024, "1") + "]}}}").ok());
  CHECK(Says(R"({"filter":{"IN":{"a":[)" + Repeated(1025, "1") + "]}}}", "1025th"));
}

TEST_CASE("the fingerprint is that of the filter and the order") {
  const auto of = [](std::string_view text) { return FingerprintOf(*ParseQuery(text)); };
  const std::string base = of(R"({"filter": {"EQ": {"a": 1}}})");
  CHECK(of(R"({ "page": {"limit": 9}, "filter" : {"EQ": {"a": 1}} })") == base);
  CHECK(of(R"({"filter": {"EQ": {"a": "1"}}})") != base);
  CHECK(of(R"({"filter": {"NEQ": {"a": 1}}})") != base);
  CHECK(of(R"({"filter": {"EQ": {"a.b": 1}}})") != base);
  CHECK(of(R"({"filter": {"EQ": {"a": 1}}, "sort": [{"key": "a"}]})") != base);
  CHECK(of(R"({"sort": [{"key": "a"}]})") != of(R"({"sort": [{"key": "a", "order": "DESC"}]})"));
}

}  // namespace
}  // namespace mecha
