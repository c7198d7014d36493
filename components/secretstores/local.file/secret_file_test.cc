// SPDX-License-Identifier: Apache-2.0
#include "secret_file.h"

#include <string>

#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

SecretList Parsed(std::string_view text, bool is_multi_valued = false,
                  std::string_view separator = ":") {
  const StatusOr<SecretList> secrets = ParseSecretFile(text, {separator, is_multi_valued});
  if (!secrets.ok()) {
    FAIL(secrets.status().message());
  }
  return *secrets;
}

void CheckRefused(std::string_view text, std::string_view wanted) {
  const StatusOr<SecretList> secrets = ParseSecretFile(text, {});
  INFO(text.substr(0, 100));
  CHECK(secrets.status().code() == StatusCode::kInvalidArgument);
  CHECK(secrets.status().message() == wanted);
}

TEST_CASE("nested values become secrets named by their path") {
  const SecretList secrets =
      Parsed(R"({"a": "1", "b": {"c": "2", "d": [true, {"e": null}, 12.50, -3]}, "f": {}})");
  CHECK(secrets == SecretList{{"a", {{"a", "1"}}},
                              {"b:c", {{"b:c", "2"}}},
                              {"b:d:0", {{"b:d:0", "true"}}},
                              {"b:d:1:e", {{"b:d:1:e", ""}}},
                              {"b:d:2", {{"b:d:2", "12.50"}}},
                              {"b:d:3", {{"b:d:3", "-3"}}}});
  CHECK(Parsed(R"({"b": {"c": "2"}})", false, "/").count("b/c") == 1);
  CHECK(Parsed("{}").empty());
}

TEST_CASE("in a multi-valued file each top-level name is one secret") {
  const SecretList secrets =
      Parsed(R"({"a": "1", "b": {"c": "2", "d": {"e": "3"}}, "f": ["4"], "g": {}})", true);
  CHECK(secrets == SecretList{{"a", {{"a", "1"}}},
                              {"b", {{"c", "2"}, {"d:e", "3"}}},
                              {"f", {{"0", "4"}}},
                              {"g", {}}});
}

TEST_CASE("what is not JSON says where and never what it read") {
  CheckRefused("{\n  \"a\": hunter2\n}",
               "not valid JSON at line 2, column 8. Check the quotes, commas and brackets there.");
  CheckRefused("",
               "not valid JSON at line 1, column 1. Check the quotes, commas and brackets there.");
  CheckRefused("[\"a\"]", "the file must hold one JSON object. Start it with \"{\".");
  CheckRefused("\"hunter2\"", "the file must hold one JSON object. Start it with \"{\".");
}

TEST_CASE("two values under one name are refused") {
  CheckRefused(R"({"a:b": "1", "a": {"b": "2"}})", "two values are named \"a:b\". Rename one.");
  CheckRefused(R"({"a": "1", "a": "2"})", "two values are named \"a\". Rename one.");
}

TEST_CASE("deep nesting is refused before it costs anything") {
  std::string deep;
  for (int i = 0; i < 100000; ++i) {
    deep += "{\"a\":";
  }
  CheckRefused(deep, "nested deeper than 64 levels. Make it flatter.");
}

}  // namespace
}  // namespace MECHA_COMPONENT
