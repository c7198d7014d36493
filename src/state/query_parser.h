// SPDX-License-Identifier: Apache-2.0
// Dapr's query text, read and checked: what a store gets is within all limits. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/state_query.h"
#include "result/status_or.h"

namespace mecha {

struct ParsedQuery {
  std::optional<QueryFilter> filter;
  std::vector<QuerySort> sort;
  size_t limit = 0;   // of `page`; 0: none
  std::string token;  // of `page`
};

struct QueryLimits {
  static constexpr size_t kMostBytes = size_t{64} << 10;
  static constexpr size_t kDeepest = 16;         // operators in operators
  static constexpr size_t kDeepestMember = 16;   // names in a path
  static constexpr size_t kMostOperators = 256;  // and as many members to sort by
  static constexpr size_t kMostValues = 1024;    // compared with
};

// INVALID_ARGUMENT names the place: "filter.AND[1].EQ: ...".
StatusOr<ParsedQuery> ParseQuery(std::string_view text);

// The filter and the order as one text, the same for the same query: what a page token is for.
std::string FingerprintOf(const ParsedQuery& query);

}  // namespace mecha
