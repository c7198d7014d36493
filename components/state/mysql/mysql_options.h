// SPDX-License-Identifier: Apache-2.0
// MysqlOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <string>
#include <vector>

#include "connection/connection_options.h"
#include "contract/settings.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct MysqlOptions : ConnectionOptions {
  std::string user;
  std::string password;
  // Letters, figures and "_" only: they stand in statements as they are.
  std::string schema;
  std::string table;
  std::string metadata_table;
  Duration cleanup_interval{};
  std::vector<std::string> warnings;
};

// INVALID_ARGUMENT names the field; UNIMPLEMENTED is for what this version cannot do.
StatusOr<MysqlOptions> ReadOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
