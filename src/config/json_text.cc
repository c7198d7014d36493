// SPDX-License-Identifier: Apache-2.0
#include "config/json_text.h"

#include "encoding/ascii.h"
#include "encoding/json.h"

namespace mecha {
namespace {

bool IsJsonLiteral(const YamlNode& node) {
  if (node.was_quoted || node.text.empty()) {
    return false;
  }
  const bool looks_numeric = IsDigit(node.text[0]) || node.text[0] == '-';
  return node.text == "true" || node.text == "false" || (looks_numeric && IsJson(node.text));
}

// The depth is bounded by the reader of the document.
void Append(std::string& out, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kNull) {
    out += "null";
    return;
  }
  if (node.kind == YamlNode::Kind::kScalar) {
    if (IsJsonLiteral(node)) {
      out += node.text;
    } else {
      AppendJsonString(out, node.text);
    }
    return;
  }
  const bool is_mapping = node.kind == YamlNode::Kind::kMapping;
  out += is_mapping ? '{' : '[';
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i != 0) {
      out += ',';
    }
    if (is_mapping) {
      AppendJsonString(out, node.children[i].key);
      out += ':';
    }
    Append(out, node.children[i]);
  }
  out += is_mapping ? '}' : ']';
}

}  // namespace

std::string JsonText(const YamlNode& node) {
  std::string out;
  Append(out, node);
  return out;
}

}  // namespace mecha
