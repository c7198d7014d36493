// SPDX-License-Identifier: Apache-2.0
// Two things about JSON that need no document tree: whether text is JSON, and writing a string.
// For reading it see json_scanner.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mecha {

// True when `text` is exactly one JSON value (RFC 8259), blanks around it allowed.
bool IsJson(std::string_view text);

// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

// The same in two steps: how many bytes it takes, and writing them. Returns where they end.
size_t JsonStringSize(std::string_view text);
char* WriteJsonString(std::string_view text, char* out);

}  // namespace mecha
