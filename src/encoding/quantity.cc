// SPDX-License-Identifier: Apache-2.0
#include "encoding/quantity.h"

#include "encoding/ascii.h"
#include "encoding/number.h"

namespace mecha {
namespace {

// The number is mantissa * multiplier / divisor.
struct Scaled {
  uint64_t mantissa = 0;
  uint64_t multiplier = 1;
  uint64_t divisor = 1;
};

bool Multiply(uint64_t& value, uint64_t by) { return !__builtin_mul_overflow(value, by, &value); }

// Digits with at most one point, off the front of `text`.
bool TakeMantissa(std::string_view& text, Scaled& number) {
  bool has_digit = false;
  bool is_fraction = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !is_fraction) {
      is_fraction = true;
      continue;
    }
    if (!IsDigit(c)) {
      break;
    }
    has_digit = true;
    if (!Multiply(number.mantissa, 10) || (is_fraction && !Multiply(number.divisor, 10)) ||
        __builtin_add_overflow(number.mantissa, static_cast<uint64_t>(c - '0'), &number.mantissa)) {
      return false;
    }
  }
  return has_digit;
}

// "e3", "E-2".
bool ApplyExponent(std::string_view digits, Scaled& number) {
  if (digits.front() == '+') {
    digits.remove_prefix(1);
  }
  const std::optional<int> exponent = ParseNumber<int>(digits);
  if (!exponent.has_value() || *exponent < -19 || *exponent > 19) {
    return false;
  }
  for (int i = 0; i < *exponent; ++i) {
    if (!Multiply(number.multiplier, 10)) {
      return false;
    }
  }
  for (int i = 0; i > *exponent; --i) {
    if (!Multiply(number.divisor, 10)) {
      return false;
    }
  }
  return true;
}

bool Power(uint64_t factor, size_t exponent, uint64_t& result) {
  for (size_t i = 0; i < exponent; ++i) {
    if (!Multiply(result, factor)) {
      return false;
    }
  }
  return true;
}

bool ApplySuffix(std::string_view suffix, Scaled& number) {
  constexpr std::string_view kBinary = "KMGTPE";
  constexpr std::string_view kDecimal = "kMGTPE";
  constexpr std::string_view kSmall = "mun";
  if (suffix.empty()) {
    return true;
  }
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const size_t place = kBinary.find(suffix[0]);
    return place != std::string_view::npos && Power(1024, place + 1, number.multiplier);
  }
  if (suffix.size() > 1) {
    return ToLower(suffix[0]) == 'e' && ApplyExponent(suffix.substr(1), number);
  }
  if (const size_t place = kSmall.find(suffix[0]); place != std::string_view::npos) {
    return Power(1000, place + 1, number.divisor);
  }
  const size_t place = kDecimal.find(suffix[0]);
  return place != std::string_view::npos && Power(1000, place + 1, number.multiplier);
}

}  // namespace

std::optional<uint64_t> ParseQuantity(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  Scaled number;
  uint64_t bytes = 0;
  if (!TakeMantissa(text, number) || !ApplySuffix(text, number) ||
      __builtin_mul_overflow(number.mantissa, number.multiplier, &bytes)) {
    return std::nullopt;
  }
  return bytes / number.divisor + (bytes % number.divisor != 0 ? 1 : 0);
}

}  // namespace mecha
