// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_lease.h"

#include "redis/redis_error.h"
#include "result/status.h"

namespace mecha::components {

Status RedisLease::ErrorOf(const Reply& reply) {
  ServerError error = FromServer(reply.text());
  if (error.must_reconnect) {
    connection().MarkBroken();
  }
  return std::move(error.status);
}

}  // namespace mecha::components
