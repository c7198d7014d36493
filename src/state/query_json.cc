// SPDX-License-Identifier: Apache-2.0
#include "state/query_json.h"

#include <algorithm>
#include <utility>

#include "encoding/json_scanner.h"
#include "encoding/quoted.h"
#include "result/status.h"

namespace mecha {
namespace {

// Two levels for each operator of a query, and some around them.
constexpr size_t kDeepest = 40;
// No object of a query has more than three; finding one that stands twice stays cheap.
constexpr size_t kMostMembers = 16;

std::string TextOf(const JsonValue& string) {
  std::string text(string.inner());
  if (string.has_escapes) {
    text.resize(UnescapeJson(string.inner(), text.data()));
  }
  return text;
}

Status AddNode(const JsonValue& value, JsonNode* node);

// What comes next in `members`, which stands before a member's name.
Status AddMember(JsonScanner* members, JsonNode* object) {
  std::string name = TextOf(members->TakeValue().value_or(JsonValue()));
  members->Take(':');
  if (object->children.size() == kMostMembers) {
    return InvalidArgument("query: an object has more than " + std::to_string(kMostMembers) +
                           " members");
  }
  if (object->Find(name) != nullptr) {
    return InvalidArgument("query: " + Quoted(name) + " stands twice in one object; remove one");
  }
  JsonNode& node = object->children.emplace_back();
  node.name = std::move(name);
  return AddNode(members->TakeValue().value_or(JsonValue()), &node);
}

// `value` was scanned before, so nothing in it is malformed or too deep for recursion.
Status AddNode(const JsonValue& value, JsonNode* node) {
  node->kind = value.kind;
  if (value.kind == JsonKind::kString) {
    node->text = TextOf(value);
    return OkStatus();
  }
  if (value.kind != JsonKind::kObject && value.kind != JsonKind::kArray) {
    node->text = value.raw;
    return OkStatus();
  }
  const bool is_object = value.kind == JsonKind::kObject;
  JsonScanner parts(value.raw);
  parts.Take(is_object ? '{' : '[');
  if (parts.Take(is_object ? '}' : ']')) {
    return OkStatus();
  }
  do {
    RETURN_IF_ERROR(is_object ? AddMember(&parts, node)
                              : AddNode(parts.TakeValue().value_or(JsonValue()),
                                        &node->children.emplace_back()));
  } while (parts.Take(','));
  return OkStatus();
}

}  // namespace

const JsonNode* JsonNode::Find(std::string_view member) const {
  const auto found = std::ranges::find(children, member, &JsonNode::name);
  return found == children.end() ? nullptr : &*found;
}

StatusOr<JsonNode> ParseQueryJson(std::string_view text) {
  JsonScanner scanner(text, kDeepest);
  const std::optional<JsonValue> value = scanner.TakeValue();
  if (!value.has_value() || !scanner.IsAtEnd()) {
    return InvalidArgument("the query is not JSON at byte " + std::to_string(scanner.position()) +
                           ": " +
                           (value.has_value() ? "nothing more was expected" : scanner.error()));
  }
  JsonNode root;
  RETURN_IF_ERROR(AddNode(*value, &root));
  return root;
}

}  // namespace mecha
