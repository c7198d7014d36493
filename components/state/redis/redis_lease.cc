// SPDX-License-Identifier: Apache-2.0
#include "redis_lease.h"

#include "redis_error.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

Status RedisLease::Send(const CallContext& call) {
  Status status = connection_->Send(call);
  const bool was_dead =
      status.code() == StatusCode::kUnavailable && connection_->has_sent_nothing();
  if (!was_dead) [[likely]] {
    return status;
  }
  ASSIGN_OR_RETURN(connection_, pool_->Replace(call, std::move(connection_)));
  return connection_->Send(call);
}

Status RedisLease::ErrorOf(const Reply& reply) {
  ServerError error = FromServer(reply.text());
  if (error.must_reconnect) {
    connection_->MarkBroken();
  }
  return std::move(error.status);
}

}  // namespace MECHA_COMPONENT
