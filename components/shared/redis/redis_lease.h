// SPDX-License-Identifier: Apache-2.0
// RedisLease: one call's use of a pooled connection, with what Redis's replies mean for it. It goes
// back when the lease ends. One thread.
#pragma once

#include <utility>

#include "connection/connection_lease.h"
#include "connection/connection_pool.h"
#include "redis/redis_connection.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class RedisLease {
 public:
  static StatusOr<RedisLease> Take(ConnectionPool& pool, const CallContext& call) {
    ASSIGN_OR_RETURN(auto lease, ConnectionLease<RedisConnection>::Take(pool, call));
    lease.connection().commands().Clear();
    return RedisLease(std::move(lease));
  }

  RedisCommands& commands() { return lease_.connection().commands(); }
  RedisConnection& connection() { return lease_.connection(); }

  // Sends commands(). After an error the lease is good for HasSent only.
  Status Send(const CallContext& call) { return lease_.Send(call); }
  StatusOr<Reply*> Receive(const CallContext& call) { return connection().Receive(call); }
  bool HasSent(size_t index) const {
    return lease_.has_connection() && lease_.connection().HasSent(index);
  }

  // The status of an error reply; ends the connection where the table says so.
  Status ErrorOf(const Reply& reply);

 private:
  explicit RedisLease(ConnectionLease<RedisConnection> lease) : lease_(std::move(lease)) {}

  ConnectionLease<RedisConnection> lease_;
};

}  // namespace mecha::components
