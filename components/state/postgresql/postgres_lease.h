// SPDX-License-Identifier: Apache-2.0
// PostgresLease: one call's use of a pooled connection. It goes back when the lease ends. One
// thread.
#pragma once

#include <memory>
#include <utility>

#include "postgres_connection.h"
#include "postgres_pool.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class PostgresLease {
 public:
  static StatusOr<PostgresLease> Take(PostgresPool& pool, const CallContext& call) {
    ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, pool.Acquire(call));
    return PostgresLease(pool, std::move(connection));
  }

  PostgresLease(PostgresLease&& other) noexcept = default;
  PostgresLease& operator=(PostgresLease&& other) = delete;
  ~PostgresLease() {
    if (connection_ != nullptr) {
      pool_->GiveBack(std::move(connection_));
    }
  }

  PostgresConnection& operator*() const { return *connection_; }
  PostgresConnection* operator->() const { return connection_.get(); }

 private:
  PostgresLease(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}

  PostgresPool* pool_;
  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace MECHA_COMPONENT
