// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_items.h"

namespace mecha {

CelItems::CelItems(const CelValue& list, CelArena& arena)
    : arena_(arena),
      list_(list),
      walk_(list.Is(CelKind::kJsonList) ? list.text() : std::string_view()) {}

std::optional<CelValue> CelItems::Next() {
  if (list_.Is(CelKind::kList)) {
    if (!arena_.Spend(sizeof(CelValue))) {
      return CelValue::Error(CelFault::kTooMuch);
    }
    return next_ < list_.items().size() ? std::optional(list_.items()[next_++]) : std::nullopt;
  }
  if (walk_.Next()) {
    return ValueOfJson(walk_.value(), arena_);
  }
  return walk_.is_broken() ? std::optional(CelValue::Error(CelFault::kBadJson)) : std::nullopt;
}

}  // namespace mecha
