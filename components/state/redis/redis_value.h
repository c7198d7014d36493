// SPDX-License-Identifier: Apache-2.0
// How a value is asked of Redis and what the answer means. No input or output.
#pragma once

#include <string_view>

#include "contract/state_store.h"
#include "redis/redis_commands.h"
#include "redis/redis_reply.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

inline void AddHashRead(RedisCommands& commands, std::string_view key) {
  commands.AddCommand({"HMGET", key, "data", "version"});
}

// The key holds no hash: old versions of Dapr kept plain strings.
inline bool IsOtherType(const Reply& reply) {
  return reply.is_error() && reply.text().starts_with("WRONGTYPE");
}

// The value in a reply that is no error: to AddHashRead, or to GET. DATA_LOSS when it is neither;
// the connection is of no more use then.
StatusOr<StateValue> TakeValue(Reply& reply);

}  // namespace MECHA_COMPONENT
