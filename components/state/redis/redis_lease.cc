// SPDX-License-Identifier: Apache-2.0
#include "redis_lease.h"

#include "redis_error.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

Status RedisLease::ErrorOf(const Reply& reply) {
  ServerError error = FromServer(reply.text());
  if (error.must_reconnect) {
    connection().MarkBroken();
  }
  return std::move(error.status);
}

}  // namespace MECHA_COMPONENT
