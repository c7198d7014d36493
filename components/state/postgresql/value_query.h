// SPDX-License-Identifier: Apache-2.0
// Searches in the values of table v1, which are jsonb: a query becomes one SELECT whose values are
// all parameters; only checked names of members stand in the SQL. Runs on the caller's thread.
#pragma once

#include <string>
#include <vector>

#include "contract/state_store.h"
#include "postgres_options.h"
#include "postgres_pool.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct QueryText {
  std::string sql;
  std::vector<std::string> parameters;  // $1 and on, as text
};

// INVALID_ARGUMENT for a damaged position and for names that may not stand in SQL.
StatusOr<QueryText> TextOf(const PostgresOptions& options, const QueryRequest& request);

// The page that begins at the position, which is a count of values: rows that are written meanwhile
// may shift it.
StatusOr<QueryPage> FindValues(PostgresPool& pool, const CallContext& call,
                               const QueryRequest& request);

}  // namespace MECHA_COMPONENT
