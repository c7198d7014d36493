// SPDX-License-Identifier: Apache-2.0
// A search in the JSON values of a state store, parsed and checked: src/state reads Dapr's text, a
// store makes its own language of it. Plain data; borrowed by a store until `done` has run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mecha {

// Names of members, outermost first: at least one, each of letters, digits, "_" and "-".
using QueryPath = std::vector<std::string>;

// What a member is compared with. `text` is a string's text, without NUL, or the JSON of the rest.
struct QueryOperand {
  enum class Kind : uint8_t { kNull, kBoolean, kNumber, kString };
  Kind kind = Kind::kNull;
  std::string text;
};

// A condition on a value. A member that is absent fulfils none, not even kNotEqual.
struct QueryFilter {
  enum class Operator : uint8_t {
    kEqual,     // one operand, as all up to kLessOrEqual; of the same type and value
    kNotEqual,  // of another type or value
    kGreater,   // kGreater and the rest: a number or a string, and of the same type
    kGreaterOrEqual,
    kLess,
    kLessOrEqual,
    kIn,   // one operand or more: equal to one of them
    kAnd,  // one child or more, no path
    kOr,   // one child or more, no path
  };
  Operator op = Operator::kAnd;
  QueryPath path;
  std::vector<QueryOperand> operands;
  std::vector<QueryFilter> children;
};

struct QuerySort {
  QueryPath path;
  bool is_descending = false;
};

struct QueryRequest {
  std::string_view prefix;              // literal, complete; of the stored keys
  const QueryFilter* filter = nullptr;  // null: every value
  std::span<const QuerySort> sort;      // empty: by key
  size_t limit = 0;                     // at least 1
  std::string_view position;            // what the previous page's `next` said
};

}  // namespace mecha
