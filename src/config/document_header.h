// SPDX-License-Identifier: Apache-2.0
// DocumentHeader: what every Dapr document starts with. It decides which reader a document gets, or
// that it gets none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/node_reader.h"
#include "config/yaml_node.h"

namespace mecha {

struct DocumentHeader {
  enum class Kind : uint8_t { kComponent, kConfiguration, kSubscription, kUnused };

  Kind kind = Kind::kUnused;
  std::string kind_text;
  std::string version;     // apiVersion, one that the kind has
  std::string name;        // metadata.name
  std::string name_space;  // metadata.namespace
};

// Nothing for an empty document, one of another project, or one that is wrong; all but the empty
// one are reported. kUnused is a kind that Dapr knows and this version does not act on.
std::optional<DocumentHeader> ReadHeader(const YamlNode& root, NodeReader& reader);

// True for a name that can stand as one segment of a path: not empty, "." or "..", without '/' and
// '%'.
bool IsPathSegment(std::string_view name);

}  // namespace mecha
