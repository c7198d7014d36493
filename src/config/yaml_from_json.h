// SPDX-License-Identifier: Apache-2.0
// JSON as text that the YAML reader takes. YAML is JSON's superset but for one thing: characters
// above U+FFFF escaped as two halves. Not a converter of anything else.
#pragma once

#include <string>
#include <string_view>

namespace mecha {

// `json` with each \uD83D\uDE00 as \U0001F600. The text must be JSON.
std::string YamlFromJson(std::string_view json);

}  // namespace mecha
