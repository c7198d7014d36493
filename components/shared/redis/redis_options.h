// SPDX-License-Identifier: Apache-2.0
// RedisOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection/connection_options.h"
#include "contract/settings.h"
#include "result/status_or.h"

namespace mecha::components {

struct RedisOptions : ConnectionOptions {
  // What the server on the other side must be, or the log in fails.
  enum class Role : uint8_t { kAny, kMaster, kSentinel };

  std::string username;
  std::string password;
  int64_t database = 0;
  Role role = Role::kAny;

  // With failover: whom to ask for the master. The address above is nobody's then.
  std::vector<HostAddress> sentinels;
  std::string master_name;
  std::string sentinel_username;
  std::string sentinel_password;

  // Overwrites the passwords.
  void Wipe();
};

// All but TLS, which needs a host: connection/tls_fields.h. INVALID_ARGUMENT names the field;
// UNIMPLEMENTED is for what this version cannot do (cluster, token logins) and must not silently
// leave out.
StatusOr<RedisOptions> ReadRedisOptions(const Settings& settings);

}  // namespace mecha::components
