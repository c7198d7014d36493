// SPDX-License-Identifier: Apache-2.0
#include "postgres_state_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "encoding/number.h"
#include "parameters.h"
#include "postgres_pool.h"
#include "result/status.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {
namespace {

using Outcome = StatusOr<StateValue>;

constexpr size_t kLongestPage = 1'000'000;

StatusOr<QueryResult> Query(PostgresPool& pool, const CallContext& call, Sql sql,
                            const Parameters& parameters) {
  ASSIGN_OR_RETURN(const PostgresLease lease, pool.Take(call));
  ASSIGN_OR_RETURN(QueryResult result, lease->Run(call, sql, parameters));
  if (sql == Sql::kGet || sql == Sql::kGetMany) {
    RETURN_IF_ERROR(lease->CheckRows(result, sql == Sql::kGetMany));
  }
  return result;
}

// Where the page before ended: "r" and a row_id, or "k" and a key.
StatusOr<std::string> StartOf(std::string_view position, bool has_row_id) {
  if (position.empty()) {
    return std::string(has_row_id ? "-9223372036854775808" : "");
  }
  const std::string_view rest = position.substr(1);
  const bool is_good = has_row_id
                           ? position.front() == 'r' && ParseNumber<int64_t>(rest).has_value()
                           : position.front() == 'k' && CheckKey(rest).ok();
  if (!is_good) {
    return InvalidArgument("the list position is damaged; start the listing again without one");
  }
  return std::string(rest);
}

}  // namespace

StatusOr<StateValue> ReadOne(PostgresPool& pool, const CallContext& call, std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  ASSIGN_OR_RETURN(const QueryResult result, Query(pool, call, Sql::kGet, Parameters().Add(key)));
  if (result.rows() == 0) {
    return NotFound();
  }
  return ReadValue(pool.options().layout, result, 0);
}

StatusOr<std::vector<Outcome>> ReadMany(PostgresPool& pool, const CallContext& call,
                                        std::span<const std::string_view> keys) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(keys.size());
  size_t asked = 0;
  for (const std::string_view key : keys) {
    Status checked = CheckKey(key);
    asked += checked.ok() ? 1 : 0;
    outcomes.emplace_back(checked.ok() ? NotFound() : std::move(checked));
  }
  if (asked == 0) {
    return outcomes;
  }
  ArrayText array(ArrayText::kText, asked);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (IsNotFound(outcomes[i].status())) {
      array.Add(keys[i]);
    }
  }
  ASSIGN_OR_RETURN(const QueryResult result,
                   Query(pool, call, Sql::kGetMany, Parameters().Add(array.text())));
  const RowsByKey rows(result);
  for (size_t i = 0; i < keys.size(); ++i) {
    const int row = IsNotFound(outcomes[i].status()) ? rows.RowOf(keys[i]) : -1;
    if (row >= 0) {
      outcomes[i] = ReadValue(pool.options().layout, result, row);
    }
  }
  return outcomes;
}

StatusOr<ListPage> ListKeys(PostgresPool& pool, const CallContext& call, const ListRequest& request,
                            bool has_row_id) {
  RETURN_IF_ERROR(CheckKey(request.prefix));
  ASSIGN_OR_RETURN(const std::string start, StartOf(request.position, has_row_id));
  const size_t limit = std::min(request.limit, kLongestPage);
  const auto one_more = static_cast<int64_t>(limit) + 1;
  ASSIGN_OR_RETURN(const QueryResult result,
                   Query(pool, call, has_row_id ? Sql::kListByRow : Sql::kListByKey,
                         Parameters().Add(request.prefix).Add(start).Add(one_more)));
  ListPage page;
  const int count = std::min(result.rows(), static_cast<int>(limit));
  for (int row = 0; row < count; ++row) {
    page.keys.emplace_back(result.Text(row, 0));
  }
  if (result.rows() > count) {
    page.next = (has_row_id ? "r" : "k") + std::string(result.Text(count - 1, 1));
  }
  return page;
}

}  // namespace MECHA_COMPONENT
