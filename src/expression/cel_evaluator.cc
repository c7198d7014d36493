// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_evaluator.h"

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "expression/cel_collections.h"
#include "expression/cel_conversions.h"
#include "expression/cel_operators.h"
#include "expression/utf8_text.h"

namespace mecha {
namespace {

// `decisive` is the operand that decides alone: false of &&, true of ||. Then an error of the other
// one does not matter.
CelValue Logical(bool decisive, const CelValue& a, const CelValue& b) {
  for (const CelValue* value : {&a, &b}) {
    if (value->Is(CelKind::kBool) && value->boolean() == decisive) {
      return *value;
    }
  }
  for (const CelValue* value : {&a, &b}) {
    if (value->IsError()) {
      return *value;
    }
  }
  if (!a.Is(CelKind::kBool) || !b.Is(CelKind::kBool)) {
    return CelValue::NoOverload(decisive ? "||" : "&&", a.kind(), b.kind());
  }
  return CelValue::Bool(!decisive);
}

CelValue TextTest(std::string_view name, const CelValue& a, const CelValue& b,
                  bool (*test)(std::string_view, std::string_view)) {
  if (!a.Is(CelKind::kString) || !b.Is(CelKind::kString)) {
    return CelValue::NoOverload(name, a.kind(), b.kind());
  }
  return CelValue::Bool(test(a.text(), b.text()));
}

CelValue Not(const CelValue& value) {
  return value.Is(CelKind::kBool) ? CelValue::Bool(!value.boolean())
                                  : CelValue::NoOverload("!", value.kind());
}

// Linear in the longer one, unlike std::string_view::find.
bool Contains(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

CelValue CelEvaluator::Run() {
  size_t at = 0;
  while (at < program_.steps_.size()) {
    const Step& step = program_.steps_[at];
    at = Execute(step, at);
    if (height_ > 0) {
      Top().SetPlace(step.offset);
    }
  }
  return Pop();
}

size_t CelEvaluator::Execute(const Step& step, size_t at) {
  switch (step.operation) {
    case Operation::kConstant:
      Push(Constant(step));
      break;
    case Operation::kEvent:
      Push(CelValue::Map(&event_));
      break;
    case Operation::kUnknown:
      Push(CelValue::Error(CelFault::kNoVariable, Constant(step).text()));
      break;
    case Operation::kList:
      Push(MakeList(step.argument));
      break;
    case Operation::kJumpIfFalse:
      return Top().IsFalse() ? step.argument : at + 1;
    case Operation::kJumpIfTrue:
      return Top().IsTrue() ? step.argument : at + 1;
    case Operation::kBranch:
      return Branch(step, at);
    case Operation::kJump:
      return step.argument;
    case Operation::kSelect:
    case Operation::kHas:
    case Operation::kNot:
    case Operation::kNegate:
    case Operation::kSize:
    case Operation::kToInt:
    case Operation::kToUint:
    case Operation::kToDouble:
    case Operation::kToString:
    case Operation::kToBytes:
    case Operation::kToDynamic:
      if (!Top().IsError()) {
        Top() = Single(step, Top());
      }
      break;
    default: {
      const CelValue b = Pop();
      Top() = Double(step, Top(), b);
      break;
    }
  }
  return at + 1;
}

size_t CelEvaluator::Branch(const Step& step, size_t at) {
  const CelValue condition = Top();
  if (condition.Is(CelKind::kBool)) {
    Pop();
    return condition.boolean() ? at + 1 : step.argument;
  }
  if (!condition.IsError()) {
    Top() = CelValue::NoOverload("?", condition.kind());
  }
  return step.argument - 1;
}

CelValue CelEvaluator::Single(const Step& step, const CelValue& value) {
  switch (step.operation) {
    case Operation::kSelect:
    case Operation::kHas:
      return Select(value, Constant(step), step.operation == Operation::kHas);
    case Operation::kNot:
      return Not(value);
    case Operation::kNegate:
      return CelNegate(value);
    case Operation::kSize:
      return Size(value);
    case Operation::kToInt:
      return CelToInt(value);
    case Operation::kToUint:
      return CelToUint(value);
    case Operation::kToDouble:
      return CelToDouble(value);
    case Operation::kToString:
      return CelToString(value, arena_);
    case Operation::kToBytes:
      return CelToBytes(value);
    default:
      return value;
  }
}

CelValue CelEvaluator::Select(const CelValue& container, const CelValue& key, bool only_asks) {
  if (!container.IsMap()) {
    return CelValue::NoOverload(only_asks ? "has" : ".", container.kind());
  }
  const std::optional<CelValue> found = CelFind(container, key.text(), arena_);
  if (only_asks) {
    return found.has_value() && found->IsError() ? *found : CelValue::Bool(found.has_value());
  }
  return found.value_or(CelValue::Error(CelFault::kNoKey, key.text()));
}

CelValue CelEvaluator::Size(const CelValue& value) {
  if (value.IsList() || value.IsMap()) {
    return CelCount(value, arena_);
  }
  if (value.Is(CelKind::kString)) {
    return CelValue::Int(static_cast<int64_t>(CountCodePoints(value.text())));
  }
  if (value.Is(CelKind::kBytes)) {
    return CelValue::Int(static_cast<int64_t>(value.text().size()));
  }
  return CelValue::NoOverload("size", value.kind());
}

CelValue CelEvaluator::Double(const Step& step, const CelValue& a, const CelValue& b) {
  if (step.operation == Operation::kAnd || step.operation == Operation::kOr) {
    return Logical(step.operation == Operation::kOr, a, b);
  }
  if (a.IsError() || b.IsError()) {
    return a.IsError() ? a : b;
  }
  // Every text test reads its operands once, as every comparison does.
  const bool reads_texts = a.Is(CelKind::kString) || a.Is(CelKind::kBytes);
  if (reads_texts && !arena_.Spend(a.text().size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  switch (step.operation) {
    case Operation::kEqual:
      return CelEqual(a, b, arena_);
    case Operation::kNotEqual: {
      const CelValue equal = CelEqual(a, b, arena_);
      return equal.IsError() ? equal : Not(equal);
    }
    case Operation::kLess:
      return CelCompare(CelOrder::kLess, a, b);
    case Operation::kLessOrEqual:
      return CelCompare(CelOrder::kLessOrEqual, a, b);
    case Operation::kGreater:
      return CelCompare(CelOrder::kGreater, a, b);
    case Operation::kGreaterOrEqual:
      return CelCompare(CelOrder::kGreaterOrEqual, a, b);
    case Operation::kIn:
      return CelIn(a, b, arena_);
    case Operation::kIndex:
      return CelIndex(a, b, arena_);
    case Operation::kStartsWith:
      return TextTest("startsWith", a, b, [](auto t, auto part) { return t.starts_with(part); });
    case Operation::kEndsWith:
      return TextTest("endsWith", a, b, [](auto t, auto part) { return t.ends_with(part); });
    case Operation::kContains:
      return TextTest("contains", a, b, &Contains);
    default:
      return CelCompute(static_cast<CelArithmetic>(static_cast<int>(step.operation) -
                                                   static_cast<int>(Operation::kAdd)),
                        a, b, arena_);
  }
}

CelValue CelEvaluator::MakeList(size_t count) {
  height_ -= count;
  std::vector<CelValue> items(stack_ + height_, stack_ + height_ + count);
  for (const CelValue& item : items) {
    if (item.IsError()) {
      return item;
    }
  }
  const auto owned = arena_.Own(std::move(items));
  return owned.has_value() ? CelValue::List(*owned) : CelValue::Error(CelFault::kTooMuch);
}

}  // namespace mecha
