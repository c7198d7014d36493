// SPDX-License-Identifier: Apache-2.0
// Writes of state.postgresql. It never sends one twice. A write whose statement went out and whose
// result did not come is marked as maybe applied. Runs on the caller's thread.
#pragma once

#include <span>
#include <vector>

#include "contract/state_store.h"
#include "postgres_pool.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// One statement, which commits by itself.
WriteOutcome WriteOne(PostgresPool& pool, const CallContext& call, const StateWrite& write);

// Independent writes in few round trips. What one does wrong spoils no other.
StatusOr<std::vector<WriteOutcome>> WriteEach(PostgresPool& pool, const CallContext& call,
                                              std::span<const StateWrite> writes);

// All or nothing, in one round trip.
StatusOr<std::vector<WriteOutcome>> WriteAll(PostgresPool& pool, const CallContext& call,
                                             std::span<const StateWrite> writes);

}  // namespace MECHA_COMPONENT
