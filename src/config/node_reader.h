// SPDX-License-Identifier: Apache-2.0
// NodeReader: typed reads from one document's YamlNode tree. What does not fit is reported with its
// place; a document with such a mistake `is_broken` and is left out. Belongs to one reading thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_node.h"
#include "resources/findings.h"

namespace mecha {

class NodeReader {
 public:
  NodeReader(std::string file, Findings& findings) : file_(std::move(file)), findings_(findings) {}

  Findings& findings() { return findings_; }
  bool is_broken() const { return is_broken_; }

  Location At(const YamlNode& node) const { return {file_, node.line, node.column}; }
  Location KeyAt(const YamlNode& node) const { return {file_, node.key_line, node.key_column}; }

  // A mistake that makes Dapr drop the document: an error in strict mode.
  void Break(const YamlNode& node, std::string_view text);
  // A mistake that nobody lets pass.
  void Fail(const YamlNode& node, std::string_view text);

  // The child `name` of `mapping` if it has the kind asked for; null when it is absent, null or of
  // another kind (reported).
  const YamlNode* Mapping(const YamlNode& mapping, std::string_view name);
  const YamlNode* Sequence(const YamlNode& mapping, std::string_view name);
  const YamlNode* Scalar(const YamlNode& mapping, std::string_view name);

  // The text of a scalar, empty when absent.
  std::string Text(const YamlNode& mapping, std::string_view name);
  // A list of scalars, empty when absent.
  std::vector<std::string> Texts(const YamlNode& mapping, std::string_view name);

  // One warning per key of `mapping` that is not among `known`; `where` names the mapping: "spec".
  void WarnUnknownKeys(const YamlNode& mapping, std::string_view where,
                       std::span<const std::string_view> known);

 private:
  const YamlNode* Child(const YamlNode& mapping, std::string_view name, YamlNode::Kind kind,
                        std::string_view kind_text);

  std::string file_;
  Findings& findings_;
  bool is_broken_ = false;
};

}  // namespace mecha
