// SPDX-License-Identifier: Apache-2.0
// CelProgram: a compiled expression of the subset of CEL in docs/routing.md. Steps for a stack, not
// a tree, so that evaluating needs no recursion. Immutable: compile once, evaluate from any thread,
// many at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "expression/cel_value.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class CelProgram {
 public:
  static constexpr size_t kMostSourceBytes = 16 << 10;
  static constexpr size_t kMostSteps = 2000;
  static constexpr size_t kDeepestNesting = 64;  // of brackets, and of the like
  static constexpr size_t kMostStack = 256;      // values that wait for others at a time

  // INVALID_ARGUMENT with line and column in the expression, what is wrong and what to write.
  static StatusOr<CelProgram> Compile(std::string_view source);

  // Whether the expression is true for the message `event`. FAILED_PRECONDITION when it ends in an
  // error or in a value that is no bool; no message holds a value of the event.
  StatusOr<bool> Matches(const CelMap& event) const;
  // The same without the last step, for tests: `result` lives as long as `event` and `arena`.
  CelValue Evaluate(const CelMap& event, CelArena& arena) const;

  // Variables that the expression names and nobody has: all but `event`.
  const std::vector<std::string_view>& unknown_names() const { return unknown_names_; }

 private:
  friend class CelCompiler;
  friend class CelEvaluator;

  enum class Operation : uint8_t {
    kConstant,     // pushes constants_[argument]
    kEvent,        // pushes the message
    kUnknown,      // pushes an error: no variable constants_[argument]
    kSelect,       // replaces a map by its value under constants_[argument]
    kHas,          // replaces a map by whether it has constants_[argument]
    kIndex,        // list or map, index: the value
    kList,         // the last `argument` values become a list
    kJumpIfFalse,  // to step `argument`, keeping the value; else goes on, keeping it too
    kJumpIfTrue,
    kBranch,  // takes a bool: goes on when true, to step `argument` when false. Anything else: an
              // error, to the step before `argument`, which is a kJump behind the whole
    kJump,
    kAnd,
    kOr,
    kNot,
    kNegate,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kIn,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kRemainder,
    kStartsWith,
    kEndsWith,
    kContains,
    kSize,
    kToInt,
    kToUint,
    kToDouble,
    kToString,
    kToBytes,
    kToDynamic,
  };
  struct Step {
    Operation operation;
    uint32_t argument;
    uint32_t offset;  // in the source, for messages
  };

  CelProgram() = default;
  // "at column 7": lines are named only when the source has several.
  std::string PlaceOf(uint32_t offset) const { return PlaceIn(source_, offset); }
  static std::string PlaceIn(std::string_view source, uint32_t offset);

  std::string source_;
  std::vector<Step> steps_;
  std::vector<CelValue> constants_;
  std::vector<std::string_view> unknown_names_;
  // What constants point into; nodes stay where they are when the program moves.
  std::forward_list<std::string> texts_;
  std::forward_list<std::vector<CelValue>> lists_;
};

}  // namespace mecha
