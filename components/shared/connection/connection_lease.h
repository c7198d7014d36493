// SPDX-License-Identifier: Apache-2.0
// ConnectionLease: one call's use of a pooled connection. It goes back when the lease ends. A
// connection found dead before anything went out is replaced once, which is not a resend. One
// thread.
#pragma once

#include <memory>
#include <utility>

#include "connection/connection_pool.h"
#include "connection/server_connection.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

// Connection is what the pool makes: a ServerConnection with Send(call), which sends what it was
// filled with, and TakeOver(dead), which moves that from another one or says why it cannot; both
// only where the lease's Send is used.
template <class Connection>
class ConnectionLease {
 public:
  static StatusOr<ConnectionLease> Take(ConnectionPool& pool, const CallContext& call) {
    ASSIGN_OR_RETURN(std::unique_ptr<ServerConnection> connection, pool.Acquire(call));
    return ConnectionLease(pool, std::move(connection));
  }

  ConnectionLease(ConnectionLease&& other) noexcept = default;
  ConnectionLease& operator=(ConnectionLease&& other) = delete;
  ~ConnectionLease() {
    if (connection_ != nullptr) {
      pool_->GiveBack(std::move(connection_));
    }
  }

  // Null after a Send that found no server; then nothing was sent.
  bool has_connection() const { return connection_ != nullptr; }
  Connection& connection() const { return static_cast<Connection&>(*connection_); }
  Connection& operator*() const { return connection(); }
  Connection* operator->() const { return &connection(); }

  Status Send(const CallContext& call) {
    Status status = connection().Send(call);
    const bool was_dead =
        status.code() == StatusCode::kUnavailable && connection().has_sent_nothing();
    if (!was_dead) [[likely]] {
      return status;
    }
    const std::unique_ptr<ServerConnection> dead = std::move(connection_);
    ASSIGN_OR_RETURN(connection_, pool_->Replace(call));
    RETURN_IF_ERROR(connection().TakeOver(static_cast<Connection&>(*dead)));
    return connection().Send(call);
  }

 private:
  ConnectionLease(ConnectionPool& pool, std::unique_ptr<ServerConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}

  ConnectionPool* pool_;
  std::unique_ptr<ServerConnection> connection_;
};

}  // namespace mecha::components
