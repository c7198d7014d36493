// SPDX-License-Identifier: Apache-2.0
#include "mysql_tables.h"

#include <string>

#include "mysql_statement.h"

namespace MECHA_COMPONENT {
namespace {

// Whether a query for one number answers something else than 0.
StatusOr<bool> Exists(MysqlConnection& connection, const CallContext& call,
                      std::string_view statement) {
  ASSIGN_OR_RETURN(MysqlRows rows, connection.Query(call, statement));
  return rows.Next() && rows.Text(0) != "0";
}

// Tables that Dapr made before its version 1.11 do not expire.
Status AddExpiry(MysqlConnection& connection, const CallContext& call, const MysqlOptions& options,
                 const std::string& table) {
  MysqlStatement columns;
  columns.Add("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema=")
      .AddLiteral(options.schema)
      .Add(" AND table_name=")
      .AddLiteral(options.table)
      .Add(" AND column_name='expiredate'");
  ASSIGN_OR_RETURN(const bool has_expiry, Exists(connection, call, columns.text()));
  if (has_expiry) {
    return OkStatus();
  }
  RETURN_IF_ERROR(connection
                      .Query(call, "ALTER TABLE " + table +
                                       " ADD COLUMN expiredate "
                                       "TIMESTAMP NULL, ADD INDEX expiredate_idx(expiredate)")
                      .status());
  return OkStatus();
}

}  // namespace

Status MakeTables(MysqlConnection& connection, const CallContext& call,
                  const MysqlOptions& options) {
  MysqlStatement schema;
  schema.Add("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name=")
      .AddLiteral(options.schema);
  ASSIGN_OR_RETURN(const bool has_schema, Exists(connection, call, schema.text()));
  if (!has_schema) {
    RETURN_IF_ERROR(
        connection.Query(call, "CREATE DATABASE IF NOT EXISTS " + options.schema).status());
  }
  const std::string table = options.schema + "." + options.table;
  // Dapr's columns. Its keys have the server's usual collation, in which "a" and "A" are one key.
  RETURN_IF_ERROR(
      connection
          .Query(call, "CREATE TABLE IF NOT EXISTS " + table +
                           " (id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE " +
                           connection.key_collation() +
                           " NOT NULL PRIMARY KEY, value JSON NOT NULL, isbinary BOOLEAN NOT NULL, "
                           "insertDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
                           "updateDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP "
                           "ON UPDATE CURRENT_TIMESTAMP, eTag VARCHAR(36) NOT NULL, "
                           "expiredate TIMESTAMP NULL, INDEX expiredate_idx(expiredate))")
          .status());
  RETURN_IF_ERROR(AddExpiry(connection, call, options, table));
  return connection
      .Query(call, "CREATE TABLE IF NOT EXISTS " + options.schema + "." + options.metadata_table +
                       " (id VARCHAR(255) NOT NULL PRIMARY KEY, value TEXT NOT NULL)")
      .status();
}

}  // namespace MECHA_COMPONENT
