// SPDX-License-Identifier: Apache-2.0
// The inside of a CEL text literal: its escapes. Not JSON's: CEL has octal and \x too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mecha {

// Nothing when an escape is none. In bytes, \x and octal escapes are bytes, and \u is refused; in
// texts they are code points.
std::optional<std::string> UnescapeCelText(std::string_view inside, bool is_bytes);

}  // namespace mecha
