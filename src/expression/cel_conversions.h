// SPDX-License-Identifier: Apache-2.0
// The functions of CEL that turn one value into one of another type. Operands are no errors. Pure;
// what is made belongs to the arena.
#pragma once

#include "expression/cel_value.h"

namespace mecha {

// From numbers (cut towards zero) and from texts in decimal.
CelValue CelToInt(const CelValue& value);
CelValue CelToUint(const CelValue& value);
CelValue CelToDouble(const CelValue& value);
// From numbers, bools, texts, and bytes that are UTF-8. Doubles as Go writes them: "5", "1e+06".
CelValue CelToString(const CelValue& value, CelArena& arena);
CelValue CelToBytes(const CelValue& value);

}  // namespace mecha
