// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_conversions.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

#include "encoding/number.h"
#include "encoding/utf8.h"

namespace mecha {
namespace {

CelValue DoesNotFit(std::string_view result) {
  return CelValue::Error(CelFault::kOutOfRange, result);
}

// The number a text is, with an optional '+' before it as Go takes it.
template <class T>
std::optional<T> NumberIn(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) {
    text.remove_prefix(1);
  }
  return ParseNumber<T>(text);
}

// As Go's %g: plain from 0.0001 to below 1000000, else with an exponent of two digits or more.
std::string TextOfDouble(double value) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  char text[400];
  const auto scientific =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  const std::string_view written(text, static_cast<size_t>(scientific.ptr - text));
  std::string_view digits = written.substr(written.find('e') + 1);
  digits.remove_prefix(digits.starts_with('+') ? 1 : 0);
  const int exponent = ParseNumber<int>(digits).value_or(0);
  if (exponent < -4 || exponent >= 6) {
    return std::string(written);
  }
  const auto fixed = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  return std::string(text, fixed.ptr);
}

CelValue OwnText(std::string text, CelArena& arena) {
  const std::optional<std::string_view> owned = arena.Own(std::move(text));
  return owned.has_value() ? CelValue::String(*owned) : CelValue::Error(CelFault::kTooMuch);
}

}  // namespace

CelValue CelToInt(const CelValue& value) {
  constexpr double kTwo63 = 9223372036854775808.0;
  constexpr std::string_view kResult = "the result of int()";
  switch (value.kind()) {
    case CelKind::kInt:
      return value;
    case CelKind::kUint:
      return value.unsigned_integer() <= uint64_t{INT64_MAX}
                 ? CelValue::Int(static_cast<int64_t>(value.unsigned_integer()))
                 : DoesNotFit(kResult);
    case CelKind::kDouble:
      return value.number() >= -kTwo63 && value.number() < kTwo63
                 ? CelValue::Int(static_cast<int64_t>(value.number()))
                 : DoesNotFit(kResult);
    case CelKind::kString: {
      const std::optional<int64_t> number = NumberIn<int64_t>(value.text());
      return number.has_value() ? CelValue::Int(*number)
                                : CelValue::Error(CelFault::kNotConvertible, "int()");
    }
    default:
      return CelValue::NoOverload("int", value.kind());
  }
}

CelValue CelToUint(const CelValue& value) {
  constexpr double kTwo64 = 18446744073709551616.0;
  constexpr std::string_view kResult = "the result of uint()";
  switch (value.kind()) {
    case CelKind::kUint:
      return value;
    case CelKind::kInt:
      return value.integer() >= 0 ? CelValue::Uint(static_cast<uint64_t>(value.integer()))
                                  : DoesNotFit(kResult);
    case CelKind::kDouble:
      return value.number() >= 0 && value.number() < kTwo64
                 ? CelValue::Uint(static_cast<uint64_t>(value.number()))
                 : DoesNotFit(kResult);
    case CelKind::kString: {
      const std::optional<uint64_t> number = NumberIn<uint64_t>(value.text());
      return number.has_value() ? CelValue::Uint(*number)
                                : CelValue::Error(CelFault::kNotConvertible, "uint()");
    }
    default:
      return CelValue::NoOverload("uint", value.kind());
  }
}

CelValue CelToDouble(const CelValue& value) {
  switch (value.kind()) {
    case CelKind::kDouble:
      return value;
    case CelKind::kInt:
      return CelValue::Double(static_cast<double>(value.integer()));
    case CelKind::kUint:
      return CelValue::Double(static_cast<double>(value.unsigned_integer()));
    case CelKind::kString: {
      const std::optional<double> number = NumberIn<double>(value.text());
      return number.has_value() ? CelValue::Double(*number)
                                : CelValue::Error(CelFault::kNotConvertible, "double()");
    }
    default:
      return CelValue::NoOverload("double", value.kind());
  }
}

CelValue CelToString(const CelValue& value, CelArena& arena) {
  switch (value.kind()) {
    case CelKind::kString:
      return value;
    case CelKind::kBool:
      return CelValue::String(value.boolean() ? "true" : "false");
    case CelKind::kInt:
      return OwnText(std::to_string(value.integer()), arena);
    case CelKind::kUint:
      return OwnText(std::to_string(value.unsigned_integer()), arena);
    case CelKind::kDouble:
      return OwnText(TextOfDouble(value.number()), arena);
    case CelKind::kBytes:
      return IsValidUtf8(value.text()) ? CelValue::String(value.text())
                                       : CelValue::Error(CelFault::kNotConvertible, "string()");
    default:
      return CelValue::NoOverload("string", value.kind());
  }
}

CelValue CelToBytes(const CelValue& value) {
  if (value.Is(CelKind::kBytes)) {
    return value;
  }
  return value.Is(CelKind::kString) ? CelValue::Bytes(value.text())
                                    : CelValue::NoOverload("bytes", value.kind());
}

}  // namespace mecha
