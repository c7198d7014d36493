// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_document.h"

#include <chrono>
#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

YamlNode Read(std::string_view text, int first_line = 1) {
  const auto read = ReadYamlDocument(text, first_line);
  if (const auto* problem = std::get_if<YamlProblem>(&read); problem != nullptr) {
    FAIL(problem->line << ":" << problem->column << ": " << problem->text);
  }
  return std::get<YamlNode>(read);
}

YamlProblem Problem(std::string_view text, int first_line = 1) {
  const auto read = ReadYamlDocument(text, first_line);
  INFO(text.substr(0, 200));
  REQUIRE(std::holds_alternative<YamlProblem>(read));
  return std::get<YamlProblem>(read);
}

TEST_CASE("a document becomes a tree with places") {
  const YamlNode root = Read("name: orders\nlist:\n  - 1\n  - \"2\"\nnone: ~\nempty:\n", 10);
  REQUIRE(root.kind == YamlNode::Kind::kMapping);
  REQUIRE(root.children.size() == 4);
  CHECK(root.line == 10);
  CHECK(root.Find("name")->text == "orders");
  CHECK(root.Find("name")->column == 7);
  const YamlNode& list = *root.Find("list");
  REQUIRE(list.children.size() == 2);
  CHECK(list.key_line == 11);
  CHECK_FALSE(list.children[0].was_quoted);
  CHECK(list.children[1].was_quoted);
  CHECK(list.children[1].line == 13);
  CHECK(list.children[1].column == 5);
  CHECK(root.Find("none")->kind == YamlNode::Kind::kNull);
  CHECK(root.Find("empty")->kind == YamlNode::Kind::kNull);
  CHECK(root.Find("other") == nullptr);
}

TEST_CASE("block scalars are text and keep their lines") {
  const YamlNode root = Read("a: |\n  one\n  two\nb: >-\n  three\n  four\n");
  CHECK(root.Find("a")->text == "one\ntwo\n");
  CHECK(root.Find("a")->was_quoted);
  CHECK(root.Find("b")->text == "three four");
}

TEST_CASE("an empty document is null") {
  CHECK(Read("").kind == YamlNode::Kind::kNull);
  CHECK(Read("# only a comment\n\n").kind == YamlNode::Kind::kNull);
  CHECK(Read("---\n").kind == YamlNode::Kind::kNull);
}

TEST_CASE("anchors and aliases are refused where they stand") {
  const YamlProblem anchor = Problem("a: &x 1\nb: 2\n", 5);
  CHECK(anchor.line == 5);
  CHECK(anchor.is_refusal);
  CHECK(anchor.text.find("anchors") != std::string::npos);
  CHECK(Problem("a: &x [*x]\n").is_refusal);
  CHECK(Problem("a: &x {b: c}\n").is_refusal);
  CHECK(Problem("a: &x\n").is_refusal);
}

TEST_CASE("a key that stands twice is refused and both lines are named") {
  const YamlProblem problem = Problem("a: 1\nb: 2\na: 3\n", 7);
  CHECK(problem.line == 9);
  CHECK(problem.column == 1);
  CHECK(problem.is_refusal);
  CHECK(problem.text.find("\"a\"") != std::string::npos);
  CHECK(problem.text.find("line 7") != std::string::npos);
}

TEST_CASE("what is not YAML names line and column") {
  const YamlProblem problem = Problem("a: 1\nb: [1, 2\nc: 3\n", 20);
  CHECK(problem.line >= 21);
  CHECK(problem.column >= 1);
  CHECK_FALSE(problem.is_refusal);
  CHECK(problem.text.starts_with("not valid YAML: "));
}

TEST_CASE("odd keys, odd tags, second documents and other encodings are refused") {
  CHECK(Problem("? [a]\n: b\n").text.find("key must be text") != std::string::npos);
  CHECK(Problem("~: b\n").text.find("key must be text") != std::string::npos);
  CHECK(Problem("a: !!binary aGk=\n").text.find("tag") != std::string::npos);
  CHECK(Problem("a: !mine x\n").text.find("tag") != std::string::npos);
  CHECK(Problem("a: 1\n...\nb: 2\n").text.find("second document") != std::string::npos);
  const YamlProblem bytes = Problem("a: 1\nb: \xFF\n");
  CHECK(bytes.line == 2);
  CHECK(bytes.column == 4);
  CHECK(Problem(std::string_view("a: \0", 4)).text.find("NUL") != std::string::npos);
  CHECK(Read("a: !!str 12\n").Find("a")->was_quoted);
}

TEST_CASE("deep nesting ends early, however it is written") {
  const auto start = std::chrono::steady_clock::now();
  CHECK(Problem(std::string(1 << 20, '[')).text.find("deeper") != std::string::npos);
  CHECK(Problem(std::string(1 << 20, '{')).line == 1);
  std::string dashes;
  for (int i = 0; i < 100000; ++i) {
    dashes += "- ";
  }
  CHECK(Problem(dashes).text.find("deeper") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

}  // namespace
}  // namespace mecha
