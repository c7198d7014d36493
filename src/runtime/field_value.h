// SPDX-License-Identifier: Apache-2.0
// Checks one metadata value against its FieldInfo. Not about which fields there are: see
// settings_builder.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/component_info.h"

namespace mecha {

// `text` as Settings keeps it (a bare duration with its unit, a size in bytes, an allowed value as
// component.yaml spells it); nothing when it is not of the field's type.
std::optional<std::string> NormalizedValue(const FieldInfo& field, std::string_view text);

// "a whole number, like 10": what a value of this field looks like.
std::string ExpectedValue(const FieldInfo& field);

}  // namespace mecha
