// SPDX-License-Identifier: Apache-2.0
#include "runtime/settings_builder.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "encoding/ascii.h"
#include "encoding/nearest_name.h"
#include "encoding/quoted.h"
#include "runtime/field_value.h"

namespace mecha {
namespace {

// Fields that belong to a block, so every component of it has them.
enum class BlockRule : unsigned char {
  kUsed,       // the block reads it from Settings
  kNoEffect,   // Dapr's, accepted with a warning
  kLimits,     // as kUsed, and what it forbids would be open without it
  kFromSecret  // as kUsed, and only a secretKeyRef will do
};
struct BlockField {
  std::string_view block;  // "state."
  std::string_view name;
  BlockRule rule;
};

constexpr BlockField kBlockFields[] = {
    {"state.", "keyPrefix", BlockRule::kUsed},
    {"state.", "actorStateStore", BlockRule::kNoEffect},
    {"state.", "outboxPublishPubsub", BlockRule::kNoEffect},
    {"state.", "outboxPublishTopic", BlockRule::kNoEffect},
    {"state.", "outboxPubsub", BlockRule::kNoEffect},
    {"state.", "outboxDiscardWhenMissingState", BlockRule::kNoEffect},
    {"state.", "primaryEncryptionKey", BlockRule::kFromSecret},
    {"state.", "secondaryEncryptionKey", BlockRule::kFromSecret},
    {"pubsub.", "consumerID", BlockRule::kUsed},
    {"pubsub.", "publishingScopes", BlockRule::kLimits},
    {"pubsub.", "subscriptionScopes", BlockRule::kLimits},
    {"pubsub.", "allowedTopics", BlockRule::kLimits},
    {"pubsub.", "protectedTopics", BlockRule::kLimits},
};

const BlockField* FindBlockField(const ComponentInfo& info, std::string_view name) {
  for (const BlockField& field : kBlockFields) {
    if (info.type.starts_with(field.block) && EqualsIgnoringCase(field.name, name)) {
      return &field;
    }
  }
  return nullptr;
}

const FieldInfo* FindField(const ComponentInfo& info, std::string_view name) {
  for (const FieldInfo& field : info.fields) {
    if (EqualsIgnoringCase(field.name, name)) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<std::string_view> FieldNames(const ComponentInfo& info) {
  std::vector<std::string_view> names;
  for (const FieldInfo& field : info.fields) {
    names.push_back(field.name);
  }
  for (const BlockField& field : kBlockFields) {
    if (info.type.starts_with(field.block)) {
      names.push_back(field.name);
    }
  }
  return names;
}

bool IsKnown(std::string_view name, const ComponentInfo& info) {
  return FindField(info, name) != nullptr || FindBlockField(info, name) != nullptr;
}

// Whether an unknown name is a field that protects something, misspelt.
bool IsMeantToProtect(std::string_view name, const ComponentInfo& info) {
  const auto nearest = NearestName(name, FieldNames(info));
  if (!nearest.has_value()) {
    return false;
  }
  const BlockField* field = FindBlockField(info, *nearest);
  return field != nullptr &&
         (field->rule == BlockRule::kFromSecret || field->rule == BlockRule::kLimits);
}

std::string DescribeUnknown(const MetadataItem& item, const ComponentInfo& info) {
  const std::vector<std::string_view> names = FieldNames(info);
  const std::string hint = DidYouMean(item.name, names);
  return std::string(info.type) + " has no field " + Quoted(item.name) + "; it has no effect." +
         (hint.empty() ? " Remove it." : hint);
}

void ReportUnknown(const MetadataItem& item, const ComponentInfo& info, Findings& findings) {
  const std::string text = DescribeUnknown(item, info);
  if (IsMeantToProtect(item.name, info)) {
    // Taken for no field, values would be stored readable, or topics open.
    findings.Error(StatusCode::kFailedPrecondition, item.location, text);
  } else {
    findings.Warn(item.location, text);
  }
}

void CheckBlockField(const MetadataItem& item, const BlockField& field, Findings& findings) {
  switch (field.rule) {
    case BlockRule::kUsed:
    case BlockRule::kLimits:
      return;
    case BlockRule::kNoEffect:
      findings.Warn(item.location, Quoted(field.name) + " has no effect yet.");
      return;
    case BlockRule::kFromSecret:
      if (!item.secret.has_value()) {
        // Dapr would encrypt nothing and say nothing.
        findings.Error(StatusCode::kFailedPrecondition, item.location,
                       Quoted(field.name) +
                           " must be a secretKeyRef: the name of the secret is kept with each "
                           "value, to find the key again. Put the key in a secret store.");
      }
      return;
  }
}

// What Settings keeps for `text`. A boolean that is none is false in Dapr; everything else that
// does not fit is an error there too.
std::optional<std::string> CheckedValue(const FieldInfo& field, const ResolvedItem& item,
                                        Findings& findings) {
  std::optional<std::string> value = NormalizedValue(field, item.text);
  if (value.has_value()) {
    return value;
  }
  const bool is_hidden = item.is_secret || field.is_sensitive;
  const std::string shown = is_hidden ? "***" : Quoted(item.text);
  const std::string text =
      Quoted(field.name) + " is " + shown + ". It must be " + ExpectedValue(field) + ".";
  if (field.type == FieldType::kBoolean) {
    findings.Lenient(item.location, text);
    return "false";
  }
  findings.Error(item.location, text);
  return std::nullopt;
}

bool IsReference(const MetadataItem& item) {
  return item.secret.has_value() || !item.environment_name.empty();
}

void CheckItem(const MetadataItem& item, const ComponentInfo& info, Findings& findings) {
  if (const BlockField* field = FindBlockField(info, item.name); field != nullptr) {
    CheckBlockField(item, *field, findings);
    return;
  }
  const FieldInfo* field = FindField(info, item.name);
  if (field == nullptr) {
    ReportUnknown(item, info, findings);
    return;
  }
  if (field->is_ignored) {
    findings.Warn(item.location, Quoted(field->name) + " has no effect here. Remove it.");
    return;
  }
  const std::string text = item.value.value_or("");
  // Placeholders and references show their value only when the runtime starts.
  if (!IsReference(item) && !text.empty() && text.find('{') == std::string::npos) {
    CheckedValue(*field, {item.name, text, false, item.location}, findings);
  }
}

// The unknown name in the document that was probably meant to be `field`, if there is one.
const MetadataItem* FindMisspelt(const ComponentDocument& document, const ComponentInfo& info,
                                 const FieldInfo& field) {
  for (const MetadataItem& item : document.metadata) {
    if (!IsKnown(item.name, info) && NearestName(item.name, {&field.name, 1}).has_value()) {
      return &item;
    }
  }
  return nullptr;
}

void ReportMissing(const ComponentDocument& document, const ComponentInfo& info,
                   const FieldInfo& field, const Location* item_location, Findings& findings) {
  const MetadataItem* misspelt =
      item_location == nullptr ? FindMisspelt(document, info, field) : nullptr;
  if (misspelt != nullptr) {
    findings.Error(misspelt->location, document.type + " has no field " + Quoted(misspelt->name) +
                                           ", and the one it needs is missing. Did you mean " +
                                           Quoted(field.name) + "?");
    return;
  }
  const std::string what = item_location == nullptr ? " is missing." : " is empty.";
  findings.Error(item_location == nullptr ? document.location : *item_location,
                 Quoted(field.name) + what + " " + document.type +
                     " needs it: add it to spec.metadata (" + std::string(field.description) + ")");
}

using Values = std::map<std::string, Settings::Value, std::less<>>;

// Adds one resolved item unless this version has no use for it.
void AddItem(const ResolvedItem& item, const ComponentInfo& info, Values& values,
             Findings& findings) {
  const std::string name = ToLower(item.name);
  Settings::Value value{item.text, item.is_secret, item.location.line};
  if (const BlockField* block = FindBlockField(info, item.name); block != nullptr) {
    if (block->rule != BlockRule::kNoEffect) {
      values.insert_or_assign(name, std::move(value));
    }
    return;
  }
  const FieldInfo* field = FindField(info, item.name);
  if (field == nullptr || field->is_ignored) {
    return;
  }
  value.is_sensitive = value.is_sensitive || field->is_sensitive;
  // An empty number, time or boolean is one that was not given.
  const bool is_text = field->type == FieldType::kText && field->values.empty();
  if (item.text.empty() && !is_text) {
    return;
  }
  std::optional<std::string> checked = CheckedValue(*field, item, findings);
  if (checked.has_value()) {
    value.text = *std::move(checked);
    values.insert_or_assign(name, std::move(value));
  }
}

void AddDefaults(const ComponentInfo& info, Values& values) {
  for (const FieldInfo& field : info.fields) {
    if (!field.default_text.empty() && !field.is_ignored) {
      std::string text =
          NormalizedValue(field, field.default_text).value_or(std::string(field.default_text));
      values.try_emplace(ToLower(field.name),
                         Settings::Value{std::move(text), field.is_sensitive, 0});
    }
  }
}

}  // namespace

void CheckSettings(const ComponentDocument& document, const ComponentInfo& info,
                   Findings& findings) {
  for (const MetadataItem& item : document.metadata) {
    CheckItem(item, info, findings);
  }
  for (const FieldInfo& field : info.fields) {
    if (!field.is_required) {
      continue;
    }
    const Location* empty_at = nullptr;
    bool is_given = false;
    for (const MetadataItem& item : document.metadata) {
      if (EqualsIgnoringCase(item.name, field.name)) {
        empty_at = &item.location;
        is_given = is_given || IsReference(item) || !item.value.value_or("").empty();
      }
    }
    if (!is_given) {
      ReportMissing(document, info, field, empty_at, findings);
    }
  }
}

std::string FirstUnknownField(const ComponentDocument& document, const ComponentInfo& info) {
  for (const MetadataItem& item : document.metadata) {
    if (!IsKnown(item.name, info)) {
      return ToText(item.location) + ": " + DescribeUnknown(item, info);
    }
  }
  return {};
}

StatusOr<Settings> BuildSettings(const ComponentDocument& document, const ComponentInfo& info,
                                 std::span<const ResolvedItem> items, Settings::Identity identity,
                                 Findings& findings) {
  Values values;
  for (const ResolvedItem& item : items) {
    AddItem(item, info, values, findings);
  }
  AddDefaults(info, values);
  for (const FieldInfo& field : info.fields) {
    const auto value = values.find(ToLower(field.name));
    const bool is_empty = value == values.end() || value->second.text.empty();
    if (field.is_required && is_empty && !findings.HasErrors()) {
      ReportMissing(document, info, field, nullptr, findings);
    }
  }
  if (findings.HasErrors()) {
    return findings.ToStatus();
  }
  identity.name = document.name;
  identity.type = info.type;
  identity.version = info.version;
  identity.file = document.location.file;
  identity.line = document.location.line;
  return Settings(std::move(identity), std::move(values));
}

}  // namespace mecha
