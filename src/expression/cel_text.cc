// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_text.h"

#include <charconv>
#include <cstdint>
#include <system_error>

#include "expression/utf8_text.h"

namespace mecha {
namespace {

// Takes `count` digits off `rest`; nothing when there are fewer.
std::optional<uint32_t> TakeDigits(std::string_view& rest, size_t count, int radix) {
  if (rest.size() < count) {
    return std::nullopt;
  }
  uint32_t number = 0;
  const char* end = rest.data() + count;
  const auto [stop, error] = std::from_chars(rest.data(), end, number, radix);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  rest.remove_prefix(count);
  return number;
}

// The number of the escape that begins `rest`, just behind the backslash: octal, \x, \u, \U.
std::optional<uint32_t> TakeNumber(std::string_view& rest, bool is_bytes) {
  const char name = rest[0];
  if (name >= '0' && name <= '3') {
    return TakeDigits(rest, 3, 8);
  }
  rest.remove_prefix(1);
  if (name == 'x' || name == 'X') {
    return TakeDigits(rest, 2, 16);
  }
  if (is_bytes || (name != 'u' && name != 'U')) {
    return std::nullopt;
  }
  return TakeDigits(rest, name == 'u' ? 4 : 8, 16);
}

}  // namespace

std::optional<std::string> UnescapeCelText(std::string_view inside, bool is_bytes) {
  constexpr std::string_view kNames = "abfnrtv\\?\"'`";
  constexpr std::string_view kCharacters = "\a\b\f\n\r\t\v\\?\"'`";
  std::string text;
  while (!inside.empty()) {
    const size_t plain = inside.find('\\');
    text += inside.substr(0, plain);
    if (plain == std::string_view::npos) {
      break;
    }
    inside.remove_prefix(plain + 1);
    if (inside.empty()) {
      return std::nullopt;
    }
    if (const size_t known = kNames.find(inside[0]); known != std::string_view::npos) {
      text += kCharacters[known];
      inside.remove_prefix(1);
      continue;
    }
    const std::optional<uint32_t> number = TakeNumber(inside, is_bytes);
    if (!number.has_value() || (!is_bytes && !IsCodePoint(*number))) {
      return std::nullopt;
    }
    if (is_bytes) {
      text += static_cast<char>(*number);
    } else {
      AppendUtf8(text, *number);
    }
  }
  return text;
}

}  // namespace mecha
