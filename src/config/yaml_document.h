// SPDX-License-Identifier: Apache-2.0
// Reads one YAML document into a YamlNode tree. The only file that sees yaml-cpp, and the only one
// in this folder that catches exceptions. Safe from any thread.
#pragma once

#include <string_view>
#include <variant>

#include "config/yaml_node.h"

namespace mecha {

// Why a document could not be read, and where.
struct YamlProblem {
  int line = 0;
  int column = 0;
  std::string text;  // "what. What to do."
  // Valid YAML that is refused all the same (an anchor, a key twice), so nobody may skip over it.
  bool is_refusal = false;
};

// `first_line` is the line of the file on which `text` starts. An empty document is a null node.
// Refused: anchors, aliases, tags other than YAML's own, duplicate keys, keys that are not text,
// nesting deeper than 64, text that is not UTF-8.
std::variant<YamlNode, YamlProblem> ReadYamlDocument(std::string_view text, int first_line);

}  // namespace mecha
