// SPDX-License-Identifier: Apache-2.0
#include "config/document_header.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "encoding/ascii.h"
#include "encoding/nearest_name.h"
#include "encoding/quoted.h"

namespace mecha {
namespace {

using Kind = DocumentHeader::Kind;

constexpr std::string_view kGroup = "dapr.io";
constexpr std::string_view kFirstVersion[] = {"dapr.io/v1alpha1"};
constexpr std::string_view kTwoVersions[] = {"dapr.io/v1alpha1", "dapr.io/v2alpha1"};

struct KnownKind {
  std::string_view name;
  Kind kind;
  std::span<const std::string_view> versions;
};

constexpr KnownKind kKinds[] = {
    {"Component", Kind::kComponent, kFirstVersion},
    {"Configuration", Kind::kConfiguration, kFirstVersion},
    {"Subscription", Kind::kSubscription, kTwoVersions},
    {"Resiliency", Kind::kUnused, kFirstVersion},
    {"HTTPEndpoint", Kind::kUnused, kFirstVersion},
    {"MCPServer", Kind::kUnused, kFirstVersion},
    {"WorkflowAccessPolicy", Kind::kUnused, kFirstVersion},
};
constexpr std::string_view kKindNames[] = {"Component",           "Configuration", "Subscription",
                                           "Resiliency",          "HTTPEndpoint",  "MCPServer",
                                           "WorkflowAccessPolicy"};
constexpr std::string_view kMetadataKeys[] = {"name",
                                              "namespace",
                                              "labels",
                                              "annotations",
                                              "generateName",
                                              "uid",
                                              "resourceVersion",
                                              "generation",
                                              "creationTimestamp",
                                              "finalizers",
                                              "ownerReferences",
                                              "managedFields",
                                              "selfLink"};

const KnownKind* FindKind(std::string_view name) {
  for (const KnownKind& known : kKinds) {
    if (known.name == name) {
      return &known;
    }
  }
  return nullptr;
}

// Reports a top-level key that is missing, with the key somebody probably wrote instead.
void ReportMissing(const YamlNode& root, std::string_view name, std::string_view example,
                   NodeReader& reader) {
  std::vector<std::string_view> keys;
  for (const YamlNode& child : root.children) {
    keys.push_back(child.key);
  }
  const std::optional<std::string_view> nearest = NearestName(name, keys);
  std::string text = Quoted(name) + " is missing. ";
  text += nearest.has_value() && *nearest != name ? "Is it meant by " + Quoted(*nearest) + "? "
                                                  : std::string();
  reader.Break(root, text + "Write \"" + std::string(name) + ": " + std::string(example) + "\".");
}

bool IsOurs(const YamlNode& version, NodeReader& reader) {
  const std::string_view text = version.text;
  const std::string_view group = text.substr(0, text.find('/'));
  if (EqualsIgnoringCase(group, kGroup)) {
    return true;
  }
  const std::string_view groups[] = {kGroup};
  reader.findings().Warn(reader.At(version), "a document of apiVersion " + Quoted(text) +
                                                 " is ignored." + DidYouMean(group, groups));
  return false;
}

// The kind, when both kind and apiVersion are exactly Dapr's.
const KnownKind* ReadKind(const YamlNode& version, const YamlNode& kind, NodeReader& reader) {
  const KnownKind* known = FindKind(kind.text);
  if (known == nullptr) {
    const std::string hint = DidYouMean(kind.text, kKindNames);
    reader.Break(kind, "unknown kind " + Quoted(kind.text) + "." +
                           (hint.empty() ? " Known kinds begin with Component." : hint));
    return nullptr;
  }
  if (std::ranges::find(known->versions, version.text) == known->versions.end()) {
    reader.Break(version,
                 "apiVersion " + Quoted(version.text) + " has no kind " + Quoted(kind.text) +
                     ". Write \"apiVersion: " + std::string(known->versions.back()) + "\".");
    return nullptr;
  }
  return known;
}

void ReadMetadata(const YamlNode& root, NodeReader& reader, DocumentHeader& header) {
  const YamlNode* metadata = reader.Mapping(root, "metadata");
  if (metadata == nullptr) {
    if (!reader.is_broken()) {
      reader.Fail(root, "metadata.name is missing. Give the resource a name.");
    }
    return;
  }
  reader.WarnUnknownKeys(*metadata, "metadata", kMetadataKeys);
  header.name = reader.Text(*metadata, "name");
  header.name_space = reader.Text(*metadata, "namespace");
  if (!reader.is_broken() && !IsPathSegment(header.name)) {
    const YamlNode* name = metadata->Find("name");
    reader.Fail(name == nullptr ? *metadata : *name,
                header.name.empty()
                    ? std::string("metadata.name is missing. Give the resource a name.")
                    : "metadata.name " + Quoted(header.name) +
                          " cannot be part of a path. Use a name without \"/\" and \"%\" "
                          "that is not \".\" or \"..\".");
  }
}

}  // namespace

bool IsPathSegment(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of("/%") == std::string_view::npos;
}

std::optional<DocumentHeader> ReadHeader(const YamlNode& root, NodeReader& reader) {
  if (root.kind == YamlNode::Kind::kNull) {
    return std::nullopt;
  }
  if (root.kind != YamlNode::Kind::kMapping) {
    reader.Break(root,
                 "a resource must be a mapping. Start with \"apiVersion: dapr.io/v1alpha1\".");
    return std::nullopt;
  }
  const YamlNode* version = reader.Scalar(root, "apiVersion");
  if (version == nullptr) {
    ReportMissing(root, "apiVersion", kFirstVersion[0], reader);
    return std::nullopt;
  }
  if (!IsOurs(*version, reader)) {
    return std::nullopt;
  }
  const YamlNode* kind = reader.Scalar(root, "kind");
  if (kind == nullptr) {
    ReportMissing(root, "kind", "Component", reader);
    return std::nullopt;
  }
  const KnownKind* known = ReadKind(*version, *kind, reader);
  if (known == nullptr) {
    return std::nullopt;
  }
  DocumentHeader header;
  header.kind = known->kind;
  header.kind_text = known->name;
  header.version = version->text;
  ReadMetadata(root, reader, header);
  return reader.is_broken() ? std::nullopt : std::optional(header);
}

}  // namespace mecha
