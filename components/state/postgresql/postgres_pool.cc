// SPDX-License-Identifier: Apache-2.0
#include "postgres_pool.h"

#include <vector>

#include "postgres_endpoint.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

StatusOr<std::unique_ptr<ServerConnection>> PostgresPool::OpenAt(const CallContext& call,
                                                                 const Endpoint& server) const {
  ASSIGN_OR_RETURN(const std::vector<Endpoint> addresses, Resolve(server));
  Status last;
  for (const Endpoint& address : addresses) {
    auto connection = std::make_unique<PostgresConnection>(host_, options_, statements_);
    last = connection->Connect(call, address);
    if (last.ok()) {
      return connection;
    }
    if (!IsUnavailable(last)) {
      break;
    }
  }
  return last;
}

// One that refuses the login would do so again, so only what is not there is passed over.
StatusOr<std::unique_ptr<ServerConnection>> PostgresPool::Open(const CallContext& call) const {
  Status last;
  for (const Endpoint& server : options_.endpoints) {
    auto connection = OpenAt(call, server);
    if (connection.ok() || !IsUnavailable(connection.status())) {
      return connection;
    }
    last = connection.status();
  }
  return last;
}

}  // namespace MECHA_COMPONENT
