// SPDX-License-Identifier: Apache-2.0
// Schema: the SQL of the two tables, which are Dapr's to the letter: a Dapr sidecar and this store
// may use one file in turn. It holds every statement for the configured table names, made once, and
// runs none; Migrate creates the tables.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

class Connection;

enum class Sql : unsigned char {
  // Value, is_binary, etag, expiration_time of key ?1, live or not.
  kGet,
  // ?1 key, ?2 value, ?3 is_binary, ?4 new etag, ?5 expiration or NULL, ?6 now; ?7 etag to match.
  kSet,
  kSetIfMatch,
  kSetIfAbsent,
  // ?1 key, ?2 etag to match, ?3 now.
  kDelete,
  kDeleteIfMatch,
  // Live keys in [?1, ?2), at most ?3 of them, ?4 now.
  kList,
  kBegin,
  kBeginImmediate,
  kCommit,
  kRollback,
  kSavepoint,
  kRollbackTo,
  kRelease,
  // ?1 now; ?2: the last clean-up must be longer ago than so many milliseconds.
  kClaimCleanup,
  // ?1 now.
  kDeleteExpired,
};
constexpr size_t kSqlCount = static_cast<size_t>(Sql::kDeleteExpired) + 1;

class Schema {
 public:
  Schema(const std::string& table, const std::string& metadata_table);

  const std::string& Of(Sql sql) const { return text_[static_cast<size_t>(sql)]; }

 private:
  std::string& At(Sql sql) { return text_[static_cast<size_t>(sql)]; }

  std::array<std::string, kSqlCount> text_;
};

// Dapr's rule for table names: ASCII letters, digits and '_'.
bool IsIdentifier(std::string_view name);

// Creates what is missing, in one transaction that keeps other processes out. A file at a newer
// level than this code knows is refused.
Status Migrate(Connection& connection, const std::string& table, const std::string& metadata_table);
// For a file that may not be written: the table must be there.
Status CheckTable(Connection& connection, const std::string& table);

}  // namespace MECHA_COMPONENT
