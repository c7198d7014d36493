// SPDX-License-Identifier: Apache-2.0
// ASCII letters and digits without a locale. Not for text in other scripts: bytes above 127 are
// left as they are.
#pragma once

#include <string>
#include <string_view>

namespace mecha {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char ToUpper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = ToLower(c);
  }
  return lower;
}

inline std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = ToUpper(c);
  }
  return upper;
}

constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace mecha
