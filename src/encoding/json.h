// SPDX-License-Identifier: Apache-2.0
// Two things about JSON that need no document tree: whether text is JSON, and writing a string.
#pragma once

#include <string>
#include <string_view>

namespace mecha {

// True when `text` is exactly one JSON value (RFC 8259), blanks around it allowed.
bool IsJson(std::string_view text);

// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace mecha
