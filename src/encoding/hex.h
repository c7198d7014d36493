// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text: written in lower case, read in either. No prefix, no separators.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mecha {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// The value of one hexadecimal digit, or -1.
constexpr int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string EncodeHex(std::string_view bytes);
std::optional<std::string> DecodeHex(std::string_view text);

}  // namespace mecha
