// SPDX-License-Identifier: Apache-2.0
#include "mysql_options.h"

#include <algorithm>
#include <utility>

#include "encoding/ascii.h"
#include "mysql_dsn.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

StatusOr<std::string> ReadName(const Settings& settings, std::string_view field) {
  const std::string_view name = settings.Text(field);
  const bool is_plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return IsDigit(c) || c == '_' || (ToLower(c) >= 'a' && ToLower(c) <= 'z');
  });
  if (!is_plain) {
    return InvalidArgument(std::string(field) +
                           ": must consist of letters, figures and underscores");
  }
  return std::string(name);
}

}  // namespace

StatusOr<MysqlOptions> ReadOptions(const Settings& settings) {
  if (settings.Has("pemPath") && !settings.Text("pemPath").empty()) {
    return Unimplemented(
        "pemPath: encrypted connections to MySQL come with a later version; until then reach the "
        "server over a trusted network or a TLS proxy");
  }
  MysqlOptions options;
  ASSIGN_OR_RETURN(MysqlDsn dsn, ParseDsn(settings.Text("connectionString")));
  ASSIGN_OR_RETURN(options.schema, ReadName(settings, "schemaName"));
  ASSIGN_OR_RETURN(options.table, ReadName(settings, "tableName"));
  ASSIGN_OR_RETURN(options.metadata_table, ReadName(settings, "metadataTableName"));
  if (dsn.user.empty()) {
    return InvalidArgument("connectionString: names no user; write user:password@tcp(host:3306)/");
  }
  if (!dsn.database.empty() && dsn.database != options.schema) {
    return InvalidArgument("connectionString: names another database than schemaName; name none");
  }
  options.address = std::move(dsn.address);
  options.user = std::move(dsn.user);
  options.password = std::move(dsn.password);
  options.warnings = std::move(dsn.warnings);
  options.cleanup_interval = settings.Time("cleanupInterval");
  const Duration timeout = settings.Time("timeoutInSeconds");
  if (timeout <= Duration::zero()) {
    return InvalidArgument("timeoutInSeconds: must be positive");
  }
  options.dial_timeout = timeout;
  options.read_timeout = timeout;
  return options;
}

}  // namespace MECHA_COMPONENT
