// SPDX-License-Identifier: Apache-2.0
// RedisLease: one call's use of a pooled connection. It goes back when the lease ends. A connection
// found dead before anything went out is replaced once, which is not a resend. One thread.
#pragma once

#include <memory>
#include <utility>

#include "redis_connection.h"
#include "redis_pool.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class RedisLease {
 public:
  static StatusOr<RedisLease> Take(RedisPool& pool, const CallContext& call) {
    ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, pool.Acquire(call));
    connection->commands().Clear();
    return RedisLease(pool, std::move(connection));
  }

  RedisLease(RedisLease&& other) noexcept = default;
  RedisLease& operator=(RedisLease&& other) = delete;
  ~RedisLease() {
    if (connection_ != nullptr) {
      pool_->GiveBack(std::move(connection_));
    }
  }

  RedisCommands& commands() { return connection_->commands(); }
  RedisConnection& connection() { return *connection_; }

  // Sends commands(). After an error the lease is good for HasSent only.
  Status Send(const CallContext& call);
  StatusOr<Reply*> Receive(const CallContext& call) { return connection_->Receive(call); }
  bool HasSent(size_t index) const { return connection_ != nullptr && connection_->HasSent(index); }

  // The status of an error reply; ends the connection where the table says so.
  Status ErrorOf(const Reply& reply);

 private:
  RedisLease(RedisPool& pool, std::unique_ptr<RedisConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}

  RedisPool* pool_;
  std::unique_ptr<RedisConnection> connection_;
};

}  // namespace MECHA_COMPONENT
