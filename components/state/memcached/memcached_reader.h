// SPDX-License-Identifier: Apache-2.0
// Reads of state.memcached. Each runs on its caller's thread, over a connection of its own to the
// server that has the key.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "memcached_servers.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// One round trip. NOT_FOUND when there is no value.
StatusOr<StateValue> ReadValue(MemcachedServers& servers, const CallContext& call,
                               std::string_view key);

// All keys in few round trips, one server after the other, one outcome each.
StatusOr<std::vector<StatusOr<StateValue>>> ReadValues(MemcachedServers& servers,
                                                       const CallContext& call,
                                                       std::span<const std::string_view> keys);

}  // namespace MECHA_COMPONENT
