// SPDX-License-Identifier: Apache-2.0
// MysqlDsn: the field connectionString as Dapr's driver reads it, taken apart. It opens nothing.
// What is not known is refused, because a misspelt option would otherwise lose its effect silently.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection/host_address.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct MysqlDsn {
  std::string user;
  std::string password;
  HostAddress address;
  std::string database;               // usually empty
  std::vector<std::string> warnings;  // of options that have no effect here
};

// "[user[:password]@][tcp[(host[:port])]]/[database][?option=value&...]". A message never holds
// what stands before the "@".
StatusOr<MysqlDsn> ParseDsn(std::string_view text);

}  // namespace MECHA_COMPONENT
