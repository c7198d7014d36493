// SPDX-License-Identifier: Apache-2.0
// Reads of state.redis: values as Dapr lays them out (a hash), and the plain strings of old
// versions of it. Runs on the caller's thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/state_store.h"
#include "redis/redis_reply.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// One round trip; two for a key that is no hash. NOT_FOUND when there is no value.
StatusOr<StateValue> ReadValue(ConnectionPool& pool, const CallContext& call, std::string_view key);

// All keys in few round trips over one connection, one outcome each.
StatusOr<std::vector<StatusOr<StateValue>>> ReadValues(ConnectionPool& pool,
                                                       const CallContext& call,
                                                       std::span<const std::string_view> keys);

}  // namespace MECHA_COMPONENT
