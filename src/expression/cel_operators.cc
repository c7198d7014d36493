// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_operators.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "expression/cel_items.h"

namespace mecha {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

std::partial_ordering CompareIntToDouble(int64_t a, double b) {
  if (std::isnan(b)) {
    return std::partial_ordering::unordered;
  }
  if (b >= kTwo63) {
    return std::partial_ordering::less;
  }
  if (b < -kTwo63) {
    return std::partial_ordering::greater;
  }
  const double whole = std::trunc(b);
  const auto order = a <=> static_cast<int64_t>(whole);
  return order != 0 ? std::partial_ordering(order) : whole <=> b;
}

std::partial_ordering CompareUintToDouble(uint64_t a, double b) {
  if (std::isnan(b)) {
    return std::partial_ordering::unordered;
  }
  if (b >= kTwo64) {
    return std::partial_ordering::less;
  }
  if (b < 0) {
    return std::partial_ordering::greater;
  }
  const double whole = std::trunc(b);
  const auto order = a <=> static_cast<uint64_t>(whole);
  return order != 0 ? std::partial_ordering(order) : whole <=> b;
}

std::partial_ordering CompareIntToUint(int64_t a, uint64_t b) {
  return a < 0 ? std::partial_ordering::less
               : std::partial_ordering(static_cast<uint64_t>(a) <=> b);
}

// `a` is an int.
std::partial_ordering CompareInt(int64_t a, const CelValue& b) {
  if (b.Is(CelKind::kInt)) {
    return a <=> b.integer();
  }
  return b.Is(CelKind::kUint) ? CompareIntToUint(a, b.unsigned_integer())
                              : CompareIntToDouble(a, b.number());
}

std::partial_ordering CompareUint(uint64_t a, const CelValue& b) {
  if (b.Is(CelKind::kInt)) {
    return 0 <=> CompareIntToUint(b.integer(), a);
  }
  return b.Is(CelKind::kUint) ? std::partial_ordering(a <=> b.unsigned_integer())
                              : CompareUintToDouble(a, b.number());
}

std::partial_ordering CompareDouble(double a, const CelValue& b) {
  if (b.Is(CelKind::kInt)) {
    return 0 <=> CompareIntToDouble(b.integer(), a);
  }
  return b.Is(CelKind::kUint) ? 0 <=> CompareUintToDouble(b.unsigned_integer(), a)
                              : a <=> b.number();
}

std::string_view NameOf(CelOrder order) {
  constexpr std::string_view kNames[] = {"<", "<=", ">", ">="};
  return kNames[static_cast<size_t>(order)];
}

std::string_view NameOf(CelArithmetic operation) {
  constexpr std::string_view kNames[] = {"+", "-", "*", "/", "%"};
  return kNames[static_cast<size_t>(operation)];
}

bool Holds(CelOrder order, std::partial_ordering result) {
  switch (order) {
    case CelOrder::kLess:
      return result < 0;
    case CelOrder::kLessOrEqual:
      return result <= 0;
    case CelOrder::kGreater:
      return result > 0;
    case CelOrder::kGreaterOrEqual:
      return result >= 0;
  }
  return false;
}

CelValue DoesNotFit(CelArithmetic operation) {
  constexpr std::string_view kNames[] = {"the result of +", "the result of -", "the result of *",
                                         "the result of /", "the result of %"};
  return CelValue::Error(CelFault::kOutOfRange, kNames[static_cast<size_t>(operation)]);
}

template <class T>
bool Overflows(CelArithmetic operation, T a, T b, T& result) {
  switch (operation) {
    case CelArithmetic::kAdd:
      return __builtin_add_overflow(a, b, &result);
    case CelArithmetic::kSubtract:
      return __builtin_sub_overflow(a, b, &result);
    case CelArithmetic::kMultiply:
      return __builtin_mul_overflow(a, b, &result);
    default:
      break;
  }
  if (std::numeric_limits<T>::is_signed && a == std::numeric_limits<T>::min() && b + 1 == 0) {
    return true;
  }
  result = operation == CelArithmetic::kDivide ? a / b : a % b;
  return false;
}

template <class T>
CelValue ComputeWhole(CelArithmetic operation, T a, T b, CelValue (*make)(T)) {
  const bool divides =
      operation == CelArithmetic::kDivide || operation == CelArithmetic::kRemainder;
  if (divides && b == 0) {
    return CelValue::Error(CelFault::kDividedByZero);
  }
  T result = 0;
  return Overflows(operation, a, b, result) ? DoesNotFit(operation) : make(result);
}

CelValue ComputeDouble(CelArithmetic operation, double a, double b) {
  switch (operation) {
    case CelArithmetic::kAdd:
      return CelValue::Double(a + b);
    case CelArithmetic::kSubtract:
      return CelValue::Double(a - b);
    case CelArithmetic::kMultiply:
      return CelValue::Double(a * b);
    case CelArithmetic::kDivide:
      return CelValue::Double(a / b);
    case CelArithmetic::kRemainder:
      break;
  }
  return CelValue::NoOverload("%", CelKind::kDouble, CelKind::kDouble);
}

CelValue JoinTexts(const CelValue& a, const CelValue& b, CelArena& arena) {
  const size_t size = a.text().size() + b.text().size();
  if (!arena.HasRoomFor(size)) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  std::string joined;
  joined.reserve(size);
  joined += a.text();
  joined += b.text();
  const std::optional<std::string_view> text = arena.Own(std::move(joined));
  if (!text.has_value()) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  return a.Is(CelKind::kBytes) ? CelValue::Bytes(*text) : CelValue::String(*text);
}

CelValue JoinLists(const CelValue& a, const CelValue& b, CelArena& arena) {
  std::vector<CelValue> joined;
  for (const CelValue* list : {&a, &b}) {
    CelItems items(*list, arena);
    while (std::optional<CelValue> item = items.Next()) {
      if (item->IsError()) {
        return *item;
      }
      if (!arena.HasRoomFor((joined.size() + 1) * sizeof(CelValue))) {
        return CelValue::Error(CelFault::kTooMuch);
      }
      joined.push_back(*item);
    }
  }
  const auto owned = arena.Own(std::move(joined));
  return owned.has_value() ? CelValue::List(*owned) : CelValue::Error(CelFault::kTooMuch);
}

}  // namespace

std::partial_ordering CompareNumbers(const CelValue& a, const CelValue& b) {
  if (a.Is(CelKind::kInt)) {
    return CompareInt(a.integer(), b);
  }
  return a.Is(CelKind::kUint) ? CompareUint(a.unsigned_integer(), b) : CompareDouble(a.number(), b);
}

CelValue CelCompare(CelOrder order, const CelValue& a, const CelValue& b) {
  if (a.IsNumber() && b.IsNumber()) {
    return CelValue::Bool(Holds(order, CompareNumbers(a, b)));
  }
  if (a.kind() == b.kind()) {
    if (a.Is(CelKind::kString) || a.Is(CelKind::kBytes)) {
      return CelValue::Bool(Holds(order, a.text() <=> b.text()));
    }
    if (a.Is(CelKind::kBool)) {
      return CelValue::Bool(Holds(order, a.boolean() <=> b.boolean()));
    }
  }
  return CelValue::NoOverload(NameOf(order), a.kind(), b.kind());
}

CelValue CelCompute(CelArithmetic operation, const CelValue& a, const CelValue& b,
                    CelArena& arena) {
  if (a.kind() == b.kind()) {
    if (a.Is(CelKind::kInt)) {
      return ComputeWhole<int64_t>(operation, a.integer(), b.integer(), &CelValue::Int);
    }
    if (a.Is(CelKind::kUint)) {
      return ComputeWhole<uint64_t>(operation, a.unsigned_integer(), b.unsigned_integer(),
                                    &CelValue::Uint);
    }
    if (a.Is(CelKind::kDouble)) {
      return ComputeDouble(operation, a.number(), b.number());
    }
  }
  if (operation == CelArithmetic::kAdd) {
    if (a.kind() == b.kind() && (a.Is(CelKind::kString) || a.Is(CelKind::kBytes))) {
      return JoinTexts(a, b, arena);
    }
    if (a.IsList() && b.IsList()) {
      return JoinLists(a, b, arena);
    }
  }
  return CelValue::NoOverload(NameOf(operation), a.kind(), b.kind());
}

CelValue CelNegate(const CelValue& value) {
  if (value.Is(CelKind::kDouble)) {
    return CelValue::Double(-value.number());
  }
  if (!value.Is(CelKind::kInt)) {
    return CelValue::NoOverload("-", value.kind());
  }
  if (value.integer() == std::numeric_limits<int64_t>::min()) {
    return DoesNotFit(CelArithmetic::kSubtract);
  }
  return CelValue::Int(-value.integer());
}

}  // namespace mecha
