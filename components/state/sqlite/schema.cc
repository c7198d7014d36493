// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <algorithm>
#include <optional>

#include "encoding/ascii.h"
#include "encoding/number.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {
namespace {

constexpr int kLevel = 1;
constexpr std::string_view kColumns = "key, value, is_binary, etag, expiration_time, update_time";

std::string Quoted(const std::string& name) { return '"' + name + '"'; }

// The names of a table's columns in order; empty when there is no such table.
StatusOr<std::string> ColumnsOf(Connection& connection, const std::string& table) {
  ASSIGN_OR_RETURN(std::optional<std::string> columns,
                   connection.QueryText("SELECT group_concat(name, ', ') FROM pragma_table_info('" +
                                        table + "')"));
  return std::move(columns).value_or("");
}

StatusOr<int> ReadLevel(Connection& connection, const std::string& metadata_table) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text,
                   connection.QueryText("SELECT value FROM " + Quoted(metadata_table) +
                                        " WHERE key = 'migrations'"));
  const std::optional<int> level = text.has_value() ? ParseNumber<int>(*text) : 0;
  if (!level.has_value() || *level < 0 || *level > kLevel) {
    return FailedPrecondition(connection.file() + ": table " + metadata_table +
                              " is at migration level \"" + text.value_or("") +
                              "\", this version " + "knows level " + std::to_string(kLevel) +
                              "; name another metadataTableName, or use a newer version");
  }
  return *level;
}

Status CreateTables(Connection& connection, const std::string& table,
                    const std::string& metadata_table) {
  RETURN_IF_ERROR(connection.Execute("CREATE TABLE IF NOT EXISTS " + Quoted(metadata_table) +
                                     " (key text NOT NULL PRIMARY KEY, value text NOT NULL)"));
  RETURN_IF_ERROR(ReadLevel(connection, metadata_table).status());
  // Dapr creates nothing at level 1. Here a second component may keep its own table in one file.
  // The order of the columns matters: Dapr inserts by position.
  RETURN_IF_ERROR(connection.Execute("CREATE TABLE IF NOT EXISTS " + Quoted(table) +
                                     " (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL,"
                                     " is_binary BOOLEAN NOT NULL, etag TEXT NOT NULL,"
                                     " expiration_time TIMESTAMP DEFAULT NULL,"
                                     " update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"));
  return connection.Execute("REPLACE INTO " + Quoted(metadata_table) +
                            " (key, value) VALUES ('migrations', '" + std::to_string(kLevel) +
                            "')");
}

// True when nothing needs to be written, so that a second start takes no write lock.
StatusOr<bool> IsUpToDate(Connection& connection, const std::string& table,
                          const std::string& metadata_table) {
  for (const std::string& name : {table, metadata_table}) {
    ASSIGN_OR_RETURN(const std::string columns, ColumnsOf(connection, name));
    if (columns.empty()) {
      return false;
    }
  }
  ASSIGN_OR_RETURN(const int level, ReadLevel(connection, metadata_table));
  return level == kLevel;
}

// For a file that may not be written: the table must be there.
Status CheckTable(Connection& connection, const std::string& table) {
  ASSIGN_OR_RETURN(const std::string columns, ColumnsOf(connection, table));
  if (columns.empty()) {
    return FailedPrecondition(connection.file() + ": there is no table " + table +
                              "; name the right tableName, or a file that may be written");
  }
  if (columns != kColumns) {
    return FailedPrecondition(connection.file() + ": table " + table + " has the columns " +
                              columns + " instead of " + std::string(kColumns) +
                              "; name another tableName");
  }
  return OkStatus();
}

// Creates what is missing, in one transaction that keeps other processes out.
Status Migrate(Connection& connection, const std::string& table,
               const std::string& metadata_table) {
  ASSIGN_OR_RETURN(const bool is_up_to_date, IsUpToDate(connection, table, metadata_table));
  if (is_up_to_date) {
    return CheckTable(connection, table);
  }
  RETURN_IF_ERROR(connection.Run(Transaction::kBeginImmediate));
  Status status = CreateTables(connection, table, metadata_table);
  if (status.ok()) {
    status = connection.Run(Transaction::kCommit);
  }
  if (!status.ok()) {
    connection.RollBack();
    return status;
  }
  return CheckTable(connection, table);
}

}  // namespace

bool IsIdentifier(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'z') || c == '_';
  });
}

Schema::Schema(const std::string& table, const std::string& metadata_table)
    : table_(table), metadata_table_(metadata_table) {
  const std::string name = Quoted(table);
  const std::string insert = "INSERT INTO " + name +
                             " (key, value, is_binary, etag, expiration_time, update_time)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET"
                             " value = excluded.value, is_binary = excluded.is_binary,"
                             " etag = excluded.etag, expiration_time = excluded.expiration_time,"
                             " update_time = excluded.update_time";
  At(Sql::kGet) = "SELECT value, is_binary, etag, expiration_time FROM " + name + " WHERE key = ?1";
  At(Sql::kSet) = insert;
  At(Sql::kSetIfMatch) = "UPDATE " + name +
                         " SET value = ?2, is_binary = ?3, etag = ?4, expiration_time = ?5,"
                         " update_time = ?6 WHERE key = ?1 AND etag = ?7"
                         " AND (expiration_time IS NULL OR expiration_time > ?6)";
  // What has expired but is still there counts as absent.
  At(Sql::kSetIfAbsent) = insert + " WHERE " + name + ".expiration_time <= ?6";
  At(Sql::kDelete) = "DELETE FROM " + name + " WHERE key = ?1";
  At(Sql::kDeleteIfMatch) = "DELETE FROM " + name +
                            " WHERE key = ?1 AND etag = ?2"
                            " AND (expiration_time IS NULL OR expiration_time > ?3)";
  At(Sql::kList) = "SELECT key FROM " + name +
                   " WHERE key >= ?1 AND key < ?2"
                   " AND (expiration_time IS NULL OR expiration_time > ?4)"
                   " ORDER BY key LIMIT ?3";
  const std::string metadata = Quoted(metadata_table);
  At(Sql::kClaimCleanup) = "INSERT INTO " + metadata +
                           " (key, value) VALUES ('last-cleanup', ?1)"
                           " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
                           " WHERE (strftime('%s', excluded.value) - strftime('%s', " +
                           metadata + ".value)) * 1000 > ?2";
  At(Sql::kDeleteExpired) = "DELETE FROM " + name + " WHERE expiration_time <= ?1";
}

Status Schema::Prepare(Connection& connection) const {
  if (connection.is_read_only()) {
    return CheckTable(connection, table_);
  }
  return Migrate(connection, table_, metadata_table_);
}

}  // namespace MECHA_COMPONENT
