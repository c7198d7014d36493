// SPDX-License-Identifier: Apache-2.0
// RedisOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "call/clock.h"
#include "contract/settings.h"
#include "redis_address.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct RedisOptions {
  RedisAddress address;
  std::string username;
  std::string password;
  int64_t database = 0;
  size_t pool_size = 10;
  // Duration::max() means no limit.
  Duration dial_timeout = std::chrono::seconds(5);
  Duration read_timeout = std::chrono::seconds(3);
  Duration write_timeout = std::chrono::seconds(3);
  Duration pool_timeout = std::chrono::seconds(4);
  Duration idle_timeout = std::chrono::minutes(5);
  Duration max_connection_age = Duration::max();
};

// INVALID_ARGUMENT names the field; UNIMPLEMENTED is for what this version cannot do (TLS, cluster,
// Sentinel, token logins) and must not silently leave out.
StatusOr<RedisOptions> ReadOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
