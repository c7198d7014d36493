// SPDX-License-Identifier: Apache-2.0
// Lists and maps of either kind, in memory or in JSON text: walking, looking up, comparing.
// Operands are no errors. Recursion, where lists stand in lists, is bounded. Pure; what is made
// belongs to the arena, which also counts the cost.
#pragma once

#include <optional>
#include <string_view>

#include "expression/cel_value.h"

namespace mecha {

// The value of `map` under `key`; nothing when it is not there.
std::optional<CelValue> CelFind(const CelValue& map, std::string_view key, CelArena& arena);

// Element of a list, or value of a map; an error when there is none.
CelValue CelIndex(const CelValue& container, const CelValue& index, CelArena& arena);

// How many elements or entries; an error when the text is no JSON.
CelValue CelCount(const CelValue& container, CelArena& arena);

// Whether `a` is an element of the list, or a key of the map, `b`.
CelValue CelIn(const CelValue& a, const CelValue& b, CelArena& arena);

// A bool, or an error. Values of different kinds are not equal, and that is no error; numbers are
// one kind here.
CelValue CelEqual(const CelValue& a, const CelValue& b, CelArena& arena);

}  // namespace mecha
