// SPDX-License-Identifier: Apache-2.0
#include "encoding/duration.h"

#include <cstdint>

#include "encoding/ascii.h"
#include "encoding/number.h"

namespace mecha {
namespace {

struct Unit {
  std::string_view name;
  int64_t ns;
};

// The micro sign (U+00B5) and the Greek letter (U+03BC) both count, as in Go.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\xC2\xB5s", 1'000},  {"\xCE\xBCs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

std::optional<int64_t> UnitOf(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) {
      return unit.ns;
    }
  }
  return std::nullopt;
}

std::string_view TakeDigits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) {
    ++count;
  }
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::string_view TakeUnit(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && !IsDigit(text[count]) && text[count] != '.') {
    ++count;
  }
  const std::string_view unit = text.substr(0, count);
  text.remove_prefix(count);
  return unit;
}

// 0.<digits> of `unit`, rounded down. From the last digit, so that every step stays exact.
int64_t FractionOf(std::string_view digits, int64_t unit) {
  int64_t result = 0;
  while (!digits.empty()) {
    result = ((digits.back() - '0') * unit + result) / 10;
    digits.remove_suffix(1);
  }
  return result;
}

// One "1.5h" off the front of `text`; nothing when there is none or it does not fit.
std::optional<int64_t> TakeTerm(std::string_view& text) {
  const std::string_view whole = TakeDigits(text);
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = TakeDigits(text);
  }
  const std::optional<int64_t> unit = UnitOf(TakeUnit(text));
  if ((whole.empty() && fraction.empty()) || !unit.has_value()) {
    return std::nullopt;
  }
  const std::optional<int64_t> count = whole.empty() ? 0 : ParseNumber<int64_t>(whole);
  int64_t ns = 0;
  if (!count.has_value() || __builtin_mul_overflow(*count, *unit, &ns) ||
      __builtin_add_overflow(ns, FractionOf(fraction, *unit), &ns)) {
    return std::nullopt;
  }
  return ns;
}

std::optional<int64_t> ParseTerms(std::string_view text) {
  int64_t total = 0;
  do {
    const std::optional<int64_t> term = TakeTerm(text);
    if (!term.has_value() || __builtin_add_overflow(total, *term, &total)) {
      return std::nullopt;
    }
  } while (!text.empty());
  return total;
}

std::optional<int64_t> ParseBare(std::string_view digits, std::string_view unit) {
  const std::optional<int64_t> count = ParseNumber<int64_t>(digits);
  const std::optional<int64_t> ns = digits == "0" ? 1 : UnitOf(unit);
  int64_t total = 0;
  if (!count.has_value() || !ns.has_value() || __builtin_mul_overflow(*count, *ns, &total)) {
    return std::nullopt;
  }
  return total;
}

bool IsAllDigits(std::string_view text) {
  return !text.empty() && !TakeDigits(text).empty() && text.empty();
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text,
                                                      std::string_view bare_unit) {
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  const std::optional<int64_t> ns =
      IsAllDigits(text) ? ParseBare(text, bare_unit) : ParseTerms(text);
  if (!ns.has_value()) {
    return std::nullopt;
  }
  return std::chrono::nanoseconds(is_negative ? -*ns : *ns);
}

}  // namespace mecha
