// SPDX-License-Identifier: Apache-2.0
// Writes of state.memcached. Each runs on its caller's thread, over a connection of its own to the
// server that has the key. Nothing is sent twice.
#pragma once

#include <span>
#include <vector>

#include "contract/state_store.h"
#include "memcached_servers.h"

namespace MECHA_COMPONENT {

// One round trip.
WriteOutcome WriteOne(MemcachedServers& servers, const CallContext& call, const StateWrite& write);

// Independent writes in few round trips, one server after the other; in order where a key repeats.
StatusOr<std::vector<WriteOutcome>> WriteEach(MemcachedServers& servers, const CallContext& call,
                                              std::span<const StateWrite> writes);

}  // namespace MECHA_COMPONENT
