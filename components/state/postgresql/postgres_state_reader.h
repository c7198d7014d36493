// SPDX-License-Identifier: Apache-2.0
// Reads of state.postgresql: one statement each. Runs on the caller's thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "postgres_pool.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

StatusOr<StateValue> ReadOne(PostgresPool& pool, const CallContext& call, std::string_view key);

// All at one moment.
StatusOr<std::vector<StatusOr<StateValue>>> ReadMany(PostgresPool& pool, const CallContext& call,
                                                     std::span<const std::string_view> keys);

// Pages go by row_id, the order of first writing, where the table has that column, else by key.
StatusOr<ListPage> ListKeys(PostgresPool& pool, const CallContext& call, const ListRequest& request,
                            bool has_row_id);

}  // namespace MECHA_COMPONENT
