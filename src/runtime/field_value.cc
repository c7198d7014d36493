// SPDX-License-Identifier: Apache-2.0
#include "runtime/field_value.h"

#include <cstdint>

#include "encoding/ascii.h"
#include "encoding/boolean.h"
#include "encoding/duration.h"
#include "encoding/number.h"
#include "encoding/quantity.h"

namespace mecha {
namespace {

std::optional<std::string> If(bool is_valid, std::string_view text) {
  return is_valid ? std::optional(std::string(text)) : std::nullopt;
}

std::optional<std::string> AllowedValue(const FieldInfo& field, std::string_view text) {
  for (const std::string_view value : field.values) {
    if (EqualsIgnoringCase(value, text)) {
      return std::string(value);
    }
  }
  return std::nullopt;
}

std::optional<std::string> NormalizedDuration(const FieldInfo& field, std::string_view text) {
  if (ParseDuration(text).has_value()) {
    return std::string(text);
  }
  if (ParseDuration(text, field.unit).has_value()) {
    return std::string(text) + std::string(field.unit);
  }
  return std::nullopt;
}

std::optional<std::string> NormalizedBoolean(std::string_view text) {
  const std::optional<bool> value = ParseBoolean(text);
  if (!value.has_value()) {
    return std::nullopt;
  }
  return *value ? "true" : "false";
}

std::optional<std::string> NormalizedBytes(std::string_view text) {
  const std::optional<uint64_t> bytes = ParseQuantity(text);
  return bytes.has_value() ? std::optional(std::to_string(*bytes)) : std::nullopt;
}

}  // namespace

std::optional<std::string> NormalizedValue(const FieldInfo& field, std::string_view text) {
  if (!field.values.empty()) {
    return AllowedValue(field, text);
  }
  switch (field.type) {
    case FieldType::kText:
      return std::string(text);
    case FieldType::kInteger:
      return If(ParseNumber<int64_t>(text).has_value(), text);
    case FieldType::kNumber:
      return If(ParseNumber<double>(text).has_value(), text);
    case FieldType::kBoolean:
      return NormalizedBoolean(text);
    case FieldType::kDuration:
      return NormalizedDuration(field, text);
    case FieldType::kBytes:
      return NormalizedBytes(text);
  }
  return std::nullopt;
}

std::string ExpectedValue(const FieldInfo& field) {
  if (!field.values.empty()) {
    std::string text = "one of ";
    for (size_t i = 0; i < field.values.size(); ++i) {
      text += (i == 0 ? "" : ", ") + std::string(field.values[i]);
    }
    return text;
  }
  switch (field.type) {
    case FieldType::kText:
      return "text";
    case FieldType::kInteger:
      return "a whole number, like 10";
    case FieldType::kNumber:
      return "a number, like 1.5";
    case FieldType::kBoolean:
      return "true or false";
    case FieldType::kDuration:
      return field.unit.empty()
                 ? std::string("a duration with its unit, like 1m30s")
                 : "a duration, like 1m30s, or a whole number of " + std::string(field.unit);
    case FieldType::kBytes:
      return "a number of bytes, like 512Ki or 100Mi";
  }
  return "text";
}

}  // namespace mecha
