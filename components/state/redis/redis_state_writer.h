// SPDX-License-Identifier: Apache-2.0
// Writes of state.redis: the scripts of redis_scripts.h and what their replies mean. It repeats a
// command only when the server said that it has not run (NOSCRIPT). Runs on the caller's thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/state_store.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

WriteOutcome WriteOne(ConnectionPool& pool, const CallContext& call, const StateWrite& write);

// Independent writes, in order where a key repeats, in few round trips.
StatusOr<std::vector<WriteOutcome>> WriteEach(ConnectionPool& pool, const CallContext& call,
                                              std::span<const StateWrite> writes);

// All or nothing, in one script.
StatusOr<std::vector<WriteOutcome>> WriteAll(ConnectionPool& pool, const CallContext& call,
                                             std::span<const StateWrite> writes);

}  // namespace MECHA_COMPONENT
