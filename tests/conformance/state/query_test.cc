// SPDX-License-Identifier: Apache-2.0
// Searching in JSON values: Dapr's documented example, pages, and what is never found.
#include <chrono>
#include <thread>

#include "conformance/test_runtime.h"
#include "support/catch.h"

namespace conformance {
namespace {

using Names = std::vector<std::string>;

bool HasQuery(const StoreWorld& world) {
  if (world.runtime.Has("query")) {
    return true;
  }
  CHECK(IsRefusal(world.store.Query("{}")));
  CHECK(world.store.Query("{").status == MECHA_INVALID_ARGUMENT);
  return false;
}

std::string Person(const char* org, int id, const char* city, const char* state) {
  return std::string(R"({"person": {"org": ")") + org + R"(", "id": )" + std::to_string(id) +
         R"(}, "city": ")" + city + R"(", "state": ")" + state + "\"}";
}

// The example of Dapr's documentation.
void WritePersons(const StateClient& store) {
  const std::vector<std::string> persons = {
      Person("Dev Ops", 1036, "Seattle", "WA"),       Person("Hardware", 1028, "Portland", "OR"),
      Person("Finance", 1071, "Sacramento", "CA"),    Person("Dev Ops", 1042, "Spokane", "WA"),
      Person("Hardware", 1007, "Los Angeles", "CA"),  Person("Finance", 1094, "Eugene", "OR"),
      Person("Dev Ops", 1015, "San Francisco", "CA"), Person("Hardware", 1077, "Redmond", "WA"),
      Person("Finance", 1002, "San Diego", "CA"),     Person("Dev Ops", 1054, "New York", "NY")};
  std::vector<Write> writes;
  for (const std::string& person : persons) {
    writes.push_back(Put(std::to_string(writes.size() + 1), person, AsJson()));
  }
  REQUIRE(store.Bulk(writes).ok());
}

Names KeysOf(const Answer& answer) {
  INFO(answer.error);
  CHECK(answer.ok());
  Names keys;
  for (const Item& item : answer.items) {
    keys.push_back(item.key);
  }
  return keys;
}

TEST_CASE("a query finds what Dapr's example finds") {
  const StoreWorld world;
  if (!HasQuery(world)) {
    return;
  }
  WritePersons(world.store);
  CHECK(KeysOf(world.store.Query(R"({"filter": {"EQ": {"state": "CA"}}})")) ==
        Names{"3", "5", "7", "9"});
  CHECK(KeysOf(world.store.Query(R"({"filter": {"IN": {"person.org": ["Dev Ops", "Hardware"]}},
      "sort": [{"key": "person.id", "order": "DESC"}]})")) ==
        Names{"8", "10", "4", "1", "2", "7", "5"});
  const std::string both = R"({"filter": {"OR": [{"EQ": {"person.org": "Dev Ops"}},
      {"AND": [{"EQ": {"person.org": "Finance"}}, {"IN": {"state": ["CA", "WA"]}}]}]},
      "sort": [{"key": "state", "order": "DESC"}, {"key": "person.id"}], "page": {"limit": 3)";
  const Answer first = world.store.Query(both + "}}");
  CHECK(KeysOf(first) == Names{"1", "4", "10"});
  REQUIRE(first.has_page);
  const Answer second = world.store.Query(both + R"(, "token": ")" + first.page + "\"}}");
  CHECK(KeysOf(second) == Names{"9", "7", "3"});
  CHECK_FALSE(second.has_page);
  // The options say the same, and more than one page.
  CHECK(KeysOf(world.store.Query(both + "}}", 2, first.page)) == Names{"9", "7"});
  CHECK(world.store.Query("{}", 2, first.page).status == MECHA_INVALID_ARGUMENT);
  CHECK(world.store.Query(R"({"page": {"token": "x"}})").status == MECHA_INVALID_ARGUMENT);
}

TEST_CASE("a query's items have value, etag and the JSON flag") {
  const StoreWorld world;
  if (!HasQuery(world)) {
    return;
  }
  REQUIRE(world.store.Set("k", R"({"a":1})", AsJson()).ok());
  const Answer found = world.store.Query(R"({"filter": {"EQ": {"a": 1}}})");
  REQUIRE(found.items.size() == 1);
  const Answer got = world.store.Get("k");
  CHECK(found.only().value == got.only().value);
  CHECK(found.only().etag == got.only().etag);
  CHECK_FALSE(found.only().etag.empty());
  CHECK(found.only().is_json == got.only().is_json);
}

TEST_CASE("numbers compare as numbers, and only with their own type") {
  const StoreWorld world;
  if (!HasQuery(world)) {
    return;
  }
  for (const auto& [key, value] :
       {std::pair("a", "9"), std::pair("b", "10"), std::pair("c", "2.5"), std::pair("d", "\"9\""),
        std::pair("e", "true"), std::pair("f", "null"), std::pair("g", "\"it's\"")}) {
    REQUIRE(world.store.Set(key, std::string(R"({"n":)") + value + "}", AsJson()).ok());
  }
  REQUIRE(world.store.Set("h", R"({"m":1})", AsJson()).ok());
  REQUIRE(world.store.Set("i", "n").ok());  // bytes
  const auto keys = [&](const std::string& filter) {
    return KeysOf(world.store.Query(R"({"filter": )" + filter + "}"));
  };
  CHECK(keys(R"({"GT": {"n": 8}})") == Names{"a", "b"});
  CHECK(keys(R"({"GTE": {"n": 9.0}})") == Names{"a", "b"});
  CHECK(keys(R"({"LT": {"n": 9}})") == Names{"c"});
  CHECK(keys(R"({"LTE": {"n": 9}})") == Names{"a", "c"});
  CHECK(keys(R"({"EQ": {"n": "9"}})") == Names{"d"});
  CHECK(keys(R"({"GTE": {"n": "9"}})") == Names{"d", "g"});
  CHECK(keys(R"({"EQ": {"n": "it's"}})") == Names{"g"});
  CHECK(keys(R"({"IN": {"n": [true, null]}})") == Names{"e", "f"});
  CHECK(keys(R"({"NEQ": {"n": 9}})") == Names{"b", "c", "d", "e", "f", "g"});
  CHECK(keys(R"({"EQ": {"n.x": 1}})") == Names{});
  CHECK(keys("{}") == Names{"a", "b", "c", "d", "e", "f", "g", "h", "i"});
}

TEST_CASE("a text is found as it was written, whatever stands in it") {
  const StoreWorld world;
  if (!HasQuery(world)) {
    return;
  }
  const Names texts = {R"(\")",
                       R"('; DROP TABLE state; --)",
                       R"(\\)",
                       R"($1)",
                       R"(\n\u001f)",
                       "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80",
                       "{}",
                       "null",
                       ""};
  for (size_t i = 0; i < texts.size(); ++i) {
    REQUIRE(world.store.Set(std::to_string(i), R"({"t":")" + texts[i] + "\"}", AsJson()).ok());
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string operand = R"({"t":")" + texts[i] + "\"}";
    CHECK(KeysOf(world.store.Query(R"({"filter":{"EQ":)" + operand + "}}")) ==
          Names{std::to_string(i)});
  }
  CHECK(KeysOf(world.store.Query(R"({"filter":{"IN":{"t":["$1","null"]}}})")) == Names{"3", "7"});
}

TEST_CASE("a query never finds other applications' values, deleted or expired ones") {
  const StoreWorld world;
  if (!HasQuery(world)) {
    return;
  }
  const BackEnd back_end;
  RuntimeSetup setup;
  setup.app_id = "app";
  const TestRuntime mine(back_end, setup);
  setup.app_id = "app2";
  const TestRuntime other(back_end, setup);
  const std::string value = R"({"a":1})";
  WriteOptions brief = AsJson();
  brief.ttl_ms = 1000;
  REQUIRE(mine.store().Set("stays", value, AsJson()).ok());
  REQUIRE(mine.store().Set("expires", value, brief).ok());
  REQUIRE(mine.store().Set("deleted", value, AsJson()).ok());
  REQUIRE(mine.store().Delete("deleted").ok());
  REQUIRE(other.store().Set("other", value, AsJson()).ok());
  while (mine.store().Value("expires") != "(absent)") {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const std::string all = R"({"filter": {"OR": [{"EQ": {"a": 1}}, {"NEQ": {"a": 1}}]}})";
  CHECK(KeysOf(mine.store().Query(all)) == Names{"stays"});
  CHECK(KeysOf(other.store().Query(all)) == Names{"other"});
}

TEST_CASE("a mistake in a query says where") {
  const StoreWorld world;
  const Answer answer = world.store.Query(R"({"filter": {"AND": [{"EQ": {"a'b": 1}}]}})");
  CHECK(answer.status == MECHA_INVALID_ARGUMENT);
  INFO(answer.error);
  CHECK(answer.error.find("filter.AND[0].EQ") != std::string::npos);
}

}  // namespace
}  // namespace conformance
