// SPDX-License-Identifier: Apache-2.0
// PostgresPool: the store's sessions: the shared connection pool, with what PostgreSQL adds: how a
// session is opened, and the statements that run on it. Safe from any thread.
#pragma once

#include <memory>

#include "connection/connection_lease.h"
#include "connection/connection_pool.h"
#include "contract/host.h"
#include "postgres_connection.h"
#include "postgres_options.h"
#include "result/status_or.h"
#include "statements.h"

namespace MECHA_COMPONENT {

// One call's use of a session. It goes back when the lease ends.
using PostgresLease = ConnectionLease<PostgresConnection>;

class PostgresPool {
 public:
  // Both outlive the pool.
  PostgresPool(Host& host, const PostgresOptions& options)
      : host_(host),
        options_(options),
        statements_(options),
        connections_(host, options,
                     OpenConnection([this](const CallContext& call) { return Open(call); })) {}

  StatusOr<PostgresLease> Take(const CallContext& call) {
    return PostgresLease::Take(connections_, call);
  }
  // A new session with the first server that takes us, outside the pool's count.
  StatusOr<std::unique_ptr<ServerConnection>> Open(const CallContext& call) const;

  // Closes what is idle and forgets failures.
  void CloseIdle() { connections_.CloseIdle(); }
  void ForgetFailures() { connections_.ForgetFailures(); }
  const PostgresOptions& options() const { return options_; }

 private:
  StatusOr<std::unique_ptr<ServerConnection>> OpenAt(const CallContext& call,
                                                     const Endpoint& server) const;

  Host& host_;
  const PostgresOptions& options_;
  const Statements statements_;
  ConnectionPool connections_;
};

}  // namespace MECHA_COMPONENT
