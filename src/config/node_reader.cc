// SPDX-License-Identifier: Apache-2.0
#include "config/node_reader.h"

#include <algorithm>

#include "encoding/nearest_name.h"

namespace mecha {

void NodeReader::Break(const YamlNode& node, std::string_view text) {
  is_broken_ = true;
  std::string message(text);
  if (findings_.strictness() == Strictness::kDapr) {
    message += " The document is left out.";
  }
  findings_.Lenient(At(node), message);
}

void NodeReader::Fail(const YamlNode& node, std::string_view text) {
  is_broken_ = true;
  findings_.Error(At(node), text);
}

const YamlNode* NodeReader::Child(const YamlNode& mapping, std::string_view name,
                                  YamlNode::Kind kind, std::string_view kind_text) {
  const YamlNode* child = mapping.Find(name);
  if (child == nullptr || child->kind == YamlNode::Kind::kNull) {
    return nullptr;
  }
  if (child->kind != kind) {
    Break(*child, "\"" + std::string(name) + "\" must be " + std::string(kind_text) + ".");
    return nullptr;
  }
  return child;
}

const YamlNode* NodeReader::Mapping(const YamlNode& mapping, std::string_view name) {
  return Child(mapping, name, YamlNode::Kind::kMapping,
               "a mapping. Indent its keys, one \"key: value\" per line");
}

const YamlNode* NodeReader::Sequence(const YamlNode& mapping, std::string_view name) {
  return Child(mapping, name, YamlNode::Kind::kSequence, "a list. Start each entry with \"- \"");
}

const YamlNode* NodeReader::Scalar(const YamlNode& mapping, std::string_view name) {
  return Child(mapping, name, YamlNode::Kind::kScalar,
               "one value. Write it on the same line, in quotes if it is text");
}

std::string NodeReader::Text(const YamlNode& mapping, std::string_view name) {
  const YamlNode* scalar = Scalar(mapping, name);
  return scalar == nullptr ? std::string() : scalar->text;
}

std::vector<std::string> NodeReader::Texts(const YamlNode& mapping, std::string_view name) {
  std::vector<std::string> texts;
  const YamlNode* list = Sequence(mapping, name);
  if (list == nullptr) {
    return texts;
  }
  for (const YamlNode& entry : list->children) {
    if (entry.kind != YamlNode::Kind::kScalar) {
      Break(entry, "every entry of \"" + std::string(name) + "\" must be text. Quote it.");
      continue;
    }
    texts.push_back(entry.text);
  }
  return texts;
}

void NodeReader::WarnUnknownKeys(const YamlNode& mapping, std::string_view where,
                                 std::span<const std::string_view> known) {
  for (const YamlNode& child : mapping.children) {
    if (std::ranges::find(known, child.key) != known.end()) {
      continue;
    }
    std::string text = "unknown key \"" + child.key.substr(0, 64) + "\"";
    if (!where.empty()) {
      text += " in " + std::string(where);
    }
    text += "; it has no effect.";
    const std::string hint = DidYouMean(child.key, known);
    findings_.Warn(KeyAt(child), text + (hint.empty() ? " Remove it." : hint));
  }
}

}  // namespace mecha
