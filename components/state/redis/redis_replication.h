// SPDX-License-Identifier: Apache-2.0
// Strong writes: waiting, on the connection that wrote, until the server's replicas have the write.
// It is no consensus: a replica that joins later, or one that lies about its disk, is not seen.
#pragma once

#include "contract/call_context.h"
#include "redis/redis_lease.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

// Asks, once for each connection, how many replicas the server has.
Status LearnReplicas(RedisLease& lease, const CallContext& call);

// Adds the WAIT that follows a write, and reads its reply. Both do nothing without replicas.
// UNAVAILABLE when fewer of them confirmed in time; the write stands all the same.
void AddWait(RedisLease& lease, const CallContext& call);
Status ReceiveWait(RedisLease& lease, const CallContext& call);

// Both, in a round trip of their own.
Status WaitForReplicas(RedisLease& lease, const CallContext& call);

}  // namespace MECHA_COMPONENT
