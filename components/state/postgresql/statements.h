// SPDX-License-Identifier: Apache-2.0
// Statements: the SQL of the tables, which are Dapr's to the letter: a Dapr sidecar and this store
// may use one table side by side. It holds every statement for the configured names, made once, and
// runs none. All parameters and results are binary.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "postgres_options.h"

namespace MECHA_COMPONENT {

enum class Sql : unsigned char {
  kPing,
  // Columns value, etag as text, expiry, is_binary (v1) of the live row with key $1.
  kGet,
  // The same with the key in a fifth column, for the keys in the array $1.
  kGetMany,
  // $1 key, $2 value, $3 time to live in milliseconds or NULL, $4 is_binary (v1). One row with the
  // new etag as text when something was written.
  kSet,
  kSetIfAbsent,
  // As kSet, with the etag to match in the last parameter.
  kSetIfMatch,
  // $1 key, $2 etag to match.
  kDelete,
  kDeleteIfMatch,
  // As those with the same parameters, but a condition that does not hold is a division by zero.
  kSetIfAbsentOrFail,
  kSetIfMatchOrFail,
  kDeleteIfMatchOrFail,
  // As kSet with an array for each parameter. A row with the new etag and the key for each.
  kSetMany,
  // The keys in the array $1.
  kDeleteMany,
  // Live keys that begin with $1 and come after $2, at most $3, each with its place.
  kListByRow,
  kListByKey,
  // $1 interval in milliseconds; changes a row when nobody cleaned up within it.
  kClaimCleanup,
  kDeleteExpired,
};
// Where the key stands in a row of kGetMany, after the columns of kGet.
constexpr int kKeyColumn = 4;
constexpr size_t kSqlCount = static_cast<size_t>(Sql::kDeleteExpired) + 1;

class Statements {
 public:
  explicit Statements(const PostgresOptions& options);

  const char* Text(Sql sql) const { return texts_[static_cast<size_t>(sql)].c_str(); }
  // What it is prepared as.
  const char* Name(Sql sql) const { return names_[static_cast<size_t>(sql)].c_str(); }

 private:
  std::string& At(Sql sql) { return texts_[static_cast<size_t>(sql)]; }
  void MakeReads(const PostgresOptions& options);
  void MakeV1Writes(const std::string& table);
  void MakeV2Writes(const std::string& table);
  void MakeStrictWrites();
  void MakeCleanup(const PostgresOptions& options);

  std::array<std::string, kSqlCount> texts_;
  std::array<std::string, kSqlCount> names_;
};

// The rows of the metadata table that Dapr keeps for `options`.
std::string MigrationsKey(const PostgresOptions& options);

}  // namespace MECHA_COMPONENT
