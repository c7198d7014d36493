// SPDX-License-Identifier: Apache-2.0
// JsonNode: a small JSON text as a tree, for the query parser. Numbers stay as they are written.
// Plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "encoding/json_scanner.h"
#include "result/status_or.h"

namespace mecha {

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  std::string name;                // of a member of an object
  std::string text;                // of a string; the JSON of null, booleans and numbers
  std::vector<JsonNode> children;  // of an array, or the members of an object, in their order

  const JsonNode* Find(std::string_view member) const;
};

// INVALID_ARGUMENT says where: not JSON, a member twice in one object, too deep.
StatusOr<JsonNode> ParseQueryJson(std::string_view text);

}  // namespace mecha
