// SPDX-License-Identifier: Apache-2.0
// RowsByKey: finds the rows of a result of Sql::kGetMany, which it borrows.
#pragma once

#include <string_view>
#include <unordered_map>

#include "query_result.h"
#include "statements.h"

namespace MECHA_COMPONENT {

class RowsByKey {
 public:
  explicit RowsByKey(const QueryResult& result) {
    const int count = result.rows();
    rows_.reserve(static_cast<size_t>(count));
    for (int row = 0; row < count; ++row) {
      rows_.emplace(result.Text(row, kKeyColumn), row);
    }
  }

  // -1 when the key has none.
  int RowOf(std::string_view key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? -1 : found->second;
  }

 private:
  std::unordered_map<std::string_view, int> rows_;
};

}  // namespace MECHA_COMPONENT
