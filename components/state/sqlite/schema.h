// SPDX-License-Identifier: Apache-2.0
// Schema: the SQL of the two tables, which are Dapr's to the letter: a Dapr sidecar and this store
// may use one file in turn. It holds every statement for the configured table names, made once;
// Prepare creates the tables. Constant; safe from any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "result/status.h"
#include "sqlite/layout.h"

namespace MECHA_COMPONENT {

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
  // ?1 now; ?2: the last clean-up must be longer ago than so many milliseconds.
  kClaimCleanup,
  // ?1 now.
  kDeleteExpired,
};
constexpr size_t kSqlCount = static_cast<size_t>(Sql::kDeleteExpired) + 1;

class Schema final : public Layout {
 public:
  Schema(const std::string& table, const std::string& metadata_table);

  size_t statement_count() const override { return kSqlCount; }
  const std::string& StatementText(size_t number) const override { return text_[number]; }
  // Any file will do: a database may hold other tables besides.
  Status Check(Connection& /*connection*/) const override { return OkStatus(); }
  // A file at a newer level than this code knows is refused.
  Status Prepare(Connection& connection) const override;

  const std::string& Of(Sql sql) const { return text_[static_cast<size_t>(sql)]; }

 private:
  std::string& At(Sql sql) { return text_[static_cast<size_t>(sql)]; }

  const std::string table_;
  const std::string metadata_table_;
  std::array<std::string, kSqlCount> text_;
};

// Dapr's rule for table names: ASCII letters, digits and '_'.
bool IsIdentifier(std::string_view name);

}  // namespace MECHA_COMPONENT
