// SPDX-License-Identifier: Apache-2.0
// YamlNode: one YAML value with its place in the file. A plain tree: no anchors, no aliases, no
// tags, no duplicate keys; those are refused while it is read (yaml_document.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mecha {

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  bool was_quoted = false;  // a quoted or block scalar: text, whatever it looks like
  int line = 0;
  int column = 0;
  std::string text;  // of a scalar
  std::string key;   // when this stands in a mapping
  int key_line = 0;
  int key_column = 0;
  std::vector<YamlNode> children;

  // The value under `name` in a mapping; null when there is none.
  const YamlNode* Find(std::string_view name) const {
    for (const YamlNode& child : children) {
      if (kind == Kind::kMapping && child.key == name) {
        return &child;
      }
    }
    return nullptr;
  }
};

}  // namespace mecha
