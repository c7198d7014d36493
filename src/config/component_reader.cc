// SPDX-License-Identifier: Apache-2.0
#include "config/component_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/json_text.h"
#include "encoding/ascii.h"
#include "encoding/boolean.h"
#include "encoding/duration.h"

namespace mecha {
namespace {

constexpr std::string_view kComponentKeys[] = {"apiVersion", "kind", "metadata",
                                               "spec",       "auth", "scopes"};
constexpr std::string_view kComponentSpecKeys[] = {"type", "version", "metadata", "ignoreErrors",
                                                   "initTimeout"};
constexpr std::string_view kItemKeys[] = {"name", "value", "secretKeyRef", "envRef"};
constexpr std::string_view kSecretKeys[] = {"name", "key"};
constexpr std::string_view kAuthKeys[] = {"secretStore"};

void ReadType(const YamlNode& spec, NodeReader& reader, ComponentDocument& document) {
  const YamlNode* type = reader.Scalar(spec, "type");
  if (type == nullptr) {
    reader.Fail(spec,
                "spec.type is missing. Name the component's type, for example "
                "\"type: state.in-memory\".");
    return;
  }
  document.type = ToLower(type->text);
  document.type_location = reader.At(*type);
  const size_t dot = document.type.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == document.type.size()) {
    reader.Fail(*type, "spec.type \"" + type->text.substr(0, 64) +
                           "\" has no category. Write \"<category>.<name>\", for example "
                           "\"state.redis\".");
  }
}

// A value that Dapr replaces silently.
void ReportDefault(const YamlNode& node, std::string_view name, std::string_view what,
                   std::string_view replacement, NodeReader& reader) {
  std::string text =
      std::string(name) + " \"" + node.text.substr(0, 64) + "\" " + std::string(what);
  if (reader.findings().strictness() == Strictness::kDapr) {
    text += " Until then it is " + std::string(replacement) + ".";
  }
  reader.findings().Lenient(reader.At(node), text);
}

void ReadIgnoreErrors(const YamlNode& spec, NodeReader& reader, ComponentDocument& document) {
  const YamlNode* flag = reader.Scalar(spec, "ignoreErrors");
  if (flag == nullptr) {
    return;
  }
  const std::optional<bool> value = ParseBoolean(flag->text);
  document.ignores_errors = value.value_or(false);
  if (!value.has_value()) {
    ReportDefault(*flag, "spec.ignoreErrors", "is not true or false. Write one of them.", "false",
                  reader);
  }
}

void ReadInitTimeout(const YamlNode& spec, NodeReader& reader, ComponentDocument& document) {
  const YamlNode* timeout = reader.Scalar(spec, "initTimeout");
  if (timeout == nullptr) {
    return;
  }
  const std::optional<Duration> value = ParseDuration(timeout->text);
  if (value.has_value() && *value > Duration::zero()) {
    document.init_timeout = *value;
    return;
  }
  ReportDefault(*timeout, "spec.initTimeout",
                "is not a duration above zero. Write one like \"30s\" or \"1m30s\".", "5s", reader);
}

void ReadSecretReference(const YamlNode& entry, NodeReader& reader, MetadataItem& item) {
  const YamlNode* reference = reader.Mapping(entry, "secretKeyRef");
  if (reference == nullptr) {
    return;
  }
  reader.WarnUnknownKeys(*reference, "secretKeyRef", kSecretKeys);
  SecretReference secret{reader.Text(*reference, "name"), reader.Text(*reference, "key")};
  if (secret.name.empty()) {
    reader.findings().Lenient(reader.At(*reference),
                              "secretKeyRef has no name. Name the secret in the store.");
    return;
  }
  item.secret = std::move(secret);
}

void ReadValue(const YamlNode& entry, MetadataItem& item, NodeReader& reader) {
  const YamlNode* value = entry.Find("value");
  if (value == nullptr) {
    return;
  }
  item.location = reader.At(*value);
  item.was_text = value->was_quoted;
  if (value->kind == YamlNode::Kind::kScalar) {
    item.value = value->text;
  } else if (value->kind != YamlNode::Kind::kNull) {
    item.value = JsonText(*value);
  }
}

// One source per value: with two, which one wins would surprise somebody.
void CheckSources(const MetadataItem& item, NodeReader& reader) {
  const int sources = (item.value.has_value() && !item.value->empty() ? 1 : 0) +
                      (item.secret.has_value() ? 1 : 0) + (item.environment_name.empty() ? 0 : 1);
  if (sources > 1) {
    reader.findings().Lenient(item.location,
                              "\"" + item.name.substr(0, 64) +
                                  "\" has more than one of value, secretKeyRef and envRef. Keep "
                                  "one.");
  }
}

void ReadItem(const YamlNode& entry, NodeReader& reader, ComponentDocument& document) {
  if (entry.kind != YamlNode::Kind::kMapping) {
    reader.Break(entry, "an entry of spec.metadata must have \"name\" and \"value\".");
    return;
  }
  reader.WarnUnknownKeys(entry, "spec.metadata", kItemKeys);
  MetadataItem item;
  item.location = reader.At(entry);
  item.name = reader.Text(entry, "name");
  if (item.name.empty()) {
    reader.findings().Lenient(item.location,
                              "an entry of spec.metadata has no name. Name the field it sets.");
    return;
  }
  ReadValue(entry, item, reader);
  ReadSecretReference(entry, reader, item);
  item.environment_name = reader.Text(entry, "envRef");
  CheckSources(item, reader);
  document.metadata.push_back(std::move(item));
}

// The same field twice, in any case: the last one counts in Dapr, which is easily overlooked.
void CheckRepeatedItems(NodeReader& reader, ComponentDocument& document) {
  std::vector<MetadataItem>& items = document.metadata;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto first = std::find_if(items.begin(), items.begin() + static_cast<ptrdiff_t>(i),
                                    [&](const MetadataItem& earlier) {
                                      return EqualsIgnoringCase(earlier.name, items[i].name);
                                    });
    if (first != items.begin() + static_cast<ptrdiff_t>(i)) {
      reader.findings().Lenient(items[i].location, "\"" + items[i].name.substr(0, 64) +
                                                       "\" is set a second time, first at " +
                                                       ToText(first->location) + ". Remove one.");
    }
  }
}

void ReadSpec(const YamlNode& root, NodeReader& reader, ComponentDocument& document) {
  const YamlNode* spec = reader.Mapping(root, "spec");
  if (spec == nullptr) {
    if (!reader.is_broken()) {
      reader.Fail(root, "spec is missing. Write \"spec:\" with a \"type\" below it.");
    }
    return;
  }
  reader.WarnUnknownKeys(*spec, "spec", kComponentSpecKeys);
  ReadType(*spec, reader, document);
  document.version = ToLower(reader.Text(*spec, "version"));
  ReadIgnoreErrors(*spec, reader, document);
  ReadInitTimeout(*spec, reader, document);
  if (const YamlNode* metadata = reader.Sequence(*spec, "metadata"); metadata != nullptr) {
    for (const YamlNode& entry : metadata->children) {
      ReadItem(entry, reader, document);
    }
    CheckRepeatedItems(reader, document);
  }
}

}  // namespace

std::optional<ComponentDocument> ReadComponent(const YamlNode& root, const DocumentHeader& header,
                                               NodeReader& reader) {
  reader.WarnUnknownKeys(root, "the document", kComponentKeys);
  ComponentDocument document;
  document.name = header.name;
  document.name_space = header.name_space;
  document.location = reader.At(root);
  document.scopes = reader.Texts(root, "scopes");
  ReadSpec(root, reader, document);
  if (const YamlNode* auth = reader.Mapping(root, "auth"); auth != nullptr) {
    reader.WarnUnknownKeys(*auth, "auth", kAuthKeys);
    document.secret_store = reader.Text(*auth, "secretStore");
  }
  return reader.is_broken() ? std::nullopt : std::optional(std::move(document));
}

}  // namespace mecha
