// SPDX-License-Identifier: Apache-2.0
#include "state/query_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include "encoding/decimal_point.h"
#include "encoding/quoted.h"
#include "result/status.h"

namespace mecha {
namespace {

// Two levels for each operator of a query, and some around them.
constexpr size_t kDeepest = 40;
// No object of a query has more than three; finding one that stands twice stays cheap.
constexpr size_t kMostMembers = 16;

class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonNode TakeRoot() { return std::move(root_); }
  const std::string& problem() const { return problem_; }
  size_t error_position() const { return error_position_; }

  bool null() override { return Add(JsonNode::Kind::kNull, "null"); }
  bool boolean(bool value) override {
    return Add(JsonNode::Kind::kBoolean, value ? "true" : "false");
  }
  bool number_integer(number_integer_t value) override {
    return Add(JsonNode::Kind::kNumber, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Add(JsonNode::Kind::kNumber, std::to_string(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Add(JsonNode::Kind::kNumber, WithDecimalPoint(text));
  }
  bool string(string_t& text) override { return Add(JsonNode::Kind::kString, std::move(text)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return Open(JsonNode::Kind::kObject); }
  bool start_array(std::size_t) override { return Open(JsonNode::Kind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& text) override {
    if (open_.back()->children.size() >= kMostMembers) {
      problem_ = "an object has more than " + std::to_string(kMostMembers) + " members";
      return false;
    }
    if (open_.back()->Find(text) != nullptr) {
      problem_ = Quoted(text) + " stands twice in one object; remove one";
      return false;
    }
    name_ = std::move(text);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    constexpr int kOutOfRange = 406;
    if (error.id == kOutOfRange) {
      problem_ = "a number is too large, near byte " + std::to_string(position);
    }
    error_position_ = position;
    return false;
  }

 private:
  // A node moves only while it is complete: its parent grows after it was closed.
  JsonNode& NewNode() {
    if (open_.empty()) {
      return root_;
    }
    JsonNode& node = open_.back()->children.emplace_back();
    node.name = std::move(name_);
    name_.clear();
    return node;
  }

  bool Add(JsonNode::Kind kind, std::string text) {
    JsonNode& node = NewNode();
    node.kind = kind;
    node.text = std::move(text);
    return true;
  }

  bool Open(JsonNode::Kind kind) {
    if (open_.size() >= kDeepest) {
      problem_ = "nested deeper than " + std::to_string(kDeepest) + " levels; make it flatter";
      return false;
    }
    JsonNode& node = NewNode();
    node.kind = kind;
    open_.push_back(&node);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  JsonNode root_;
  std::vector<JsonNode*> open_;
  std::string name_;
  std::string problem_;
  size_t error_position_ = 0;
};

}  // namespace

const JsonNode* JsonNode::Find(std::string_view member) const {
  const auto found = std::ranges::find(children, member, &JsonNode::name);
  return found == children.end() ? nullptr : &*found;
}

StatusOr<JsonNode> ParseQueryJson(std::string_view text) {
  TreeBuilder builder;
  if (nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &builder)) {
    return builder.TakeRoot();
  }
  if (!builder.problem().empty()) {
    return InvalidArgument("query: " + builder.problem());
  }
  return InvalidArgument("the query is not JSON at byte " +
                         std::to_string(builder.error_position()) +
                         "; check the quotes, commas and brackets there");
}

}  // namespace mecha
