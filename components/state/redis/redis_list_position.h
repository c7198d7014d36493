// SPDX-License-Identifier: Apache-2.0
// ListPosition: where the next page of a listing starts: SCAN's cursor, and the keys that the last
// step found beyond the page's limit. As text it may hold any byte. It is not signed: it is checked
// when it comes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct ListPosition {
  uint64_t cursor = 0;            // 0: nothing is left to scan
  std::vector<std::string> keys;  // found, not yet listed

  bool is_end() const { return cursor == 0 && keys.empty(); }
  // "<cursor>;" and for each key "<length>:<bytes>".
  std::string Text() const;
};

// INVALID_ARGUMENT when `text` is nothing that Text makes or a key lacks `prefix`.
StatusOr<ListPosition> ParsePosition(std::string_view text, std::string_view prefix);

// `prefix` as a SCAN pattern that matches it literally at the start of a key.
std::string PrefixPattern(std::string_view prefix);

}  // namespace MECHA_COMPONENT
