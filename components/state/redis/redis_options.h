// SPDX-License-Identifier: Apache-2.0
// RedisOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <cstdint>
#include <string>

#include "connection/connection_options.h"
#include "contract/settings.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct RedisOptions : ConnectionOptions {
  std::string username;
  std::string password;
  int64_t database = 0;
};

// All but TLS, which needs a host: connection/tls_fields.h. INVALID_ARGUMENT names the field;
// UNIMPLEMENTED is for what this version cannot do (cluster, Sentinel, token logins) and must not
// silently leave out.
StatusOr<RedisOptions> ReadOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
