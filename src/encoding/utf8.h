// SPDX-License-Identifier: Apache-2.0
// UTF-8 checks (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace mecha {

bool IsAscii(std::string_view text);
bool IsValidUtf8(std::string_view text);
// How many bytes from the start of `text` are valid; text.size() when all are.
size_t ValidUtf8Prefix(std::string_view text);

}  // namespace mecha
