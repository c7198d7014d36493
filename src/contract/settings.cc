// SPDX-License-Identifier: Apache-2.0
#include "contract/settings.h"

#include <utility>

#include "encoding/ascii.h"
#include "encoding/boolean.h"
#include "encoding/duration.h"
#include "encoding/number.h"
#include "encoding/quantity.h"

namespace mecha {

Settings::Settings(Identity identity, std::map<std::string, Value, std::less<>> values)
    : identity_(std::move(identity)), values_(std::move(values)) {}

bool Settings::Has(std::string_view name) const { return Find(name) != nullptr; }

std::string_view Settings::Text(std::string_view name) const {
  const Value* value = Find(name);
  return value == nullptr ? std::string_view() : value->text;
}

int64_t Settings::Integer(std::string_view name) const {
  return ParseNumber<int64_t>(Text(name)).value_or(0);
}

double Settings::Number(std::string_view name) const {
  return ParseNumber<double>(Text(name)).value_or(0);
}

bool Settings::Boolean(std::string_view name) const { return IsTruthy(Text(name)); }

Duration Settings::Time(std::string_view name) const {
  return ParseDuration(Text(name)).value_or(Duration::zero());
}

uint64_t Settings::Bytes(std::string_view name) const {
  return ParseQuantity(Text(name)).value_or(0);
}

const Settings::Value* Settings::Find(std::string_view name) const {
  const auto found = values_.find(ToLower(name));
  return found == values_.end() ? nullptr : &found->second;
}

}  // namespace mecha
