// SPDX-License-Identifier: Apache-2.0
// What CEL's order and arithmetic do with two values. Not equality and membership: see
// cel_collections.h. Operands are no errors. Numbers of different types compare by their
// mathematical value; they do not add. Pure; what is made belongs to the arena.
#pragma once

#include <compare>
#include <cstdint>

#include "expression/cel_value.h"

namespace mecha {

enum class CelOrder : uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
enum class CelArithmetic : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kRemainder };

// A bool, or an error.
CelValue CelCompare(CelOrder order, const CelValue& a, const CelValue& b);
CelValue CelCompute(CelArithmetic operation, const CelValue& a, const CelValue& b, CelArena& arena);
CelValue CelNegate(const CelValue& value);

// How two numbers compare; unordered when one is NaN.
std::partial_ordering CompareNumbers(const CelValue& a, const CelValue& b);

}  // namespace mecha
