// SPDX-License-Identifier: Apache-2.0
// A transaction without conditions as MULTI and EXEC: a script counts the versions, and the values
// follow it as plain commands, because Lua hashes every byte that passes through it. Runs on the
// caller's thread.
#pragma once

#include <span>
#include <vector>

#include "contract/state_store.h"
#include "redis/redis_lease.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// Whether it may go this way, and is quicker than as one script.
bool FitsQueue(std::span<const StateWrite> writes);

// Asks, once for each connection, whether the user may queue: where MULTI is refused, what follows
// it would run at once.
StatusOr<bool> MayQueue(RedisLease& lease, const CallContext& call);

// All or nothing. The server refuses to queue, and then EXEC runs nothing, or runs what cannot
// fail.
StatusOr<std::vector<WriteOutcome>> RunQueued(RedisLease& lease, const CallContext& call,
                                              std::span<const StateWrite> writes);

}  // namespace MECHA_COMPONENT
