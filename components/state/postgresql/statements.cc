// SPDX-License-Identifier: Apache-2.0
#include "statements.h"

#include "connection_string.h"

namespace MECHA_COMPONENT {
namespace {

struct Columns {
  std::string_view etag;
  std::string_view expiry;
  std::string_view is_binary;
};

Columns ColumnsOf(Layout layout) {
  return layout == Layout::kV1 ? Columns{"xmin", "expiredate", "isbinary"}
                               : Columns{"etag", "expires_at", "false"};
}

std::string Live(std::string_view expiry) {
  return "(" + std::string(expiry) + " IS NULL OR " + std::string(expiry) + " > now())";
}

// When a row with a time to live of $3 expires; NULL without one.
constexpr std::string_view kExpiry = "now() + $3::bigint * interval '1 millisecond'";
constexpr std::string_view kExpiryOfMany = "now() + x * interval '1 millisecond'";

}  // namespace

Statements::Statements(const PostgresOptions& options) {
  for (size_t i = 0; i < kSqlCount; ++i) {
    names_[i] = "mecha_" + std::to_string(i);
  }
  At(Sql::kPing) = "SELECT 1";
  MakeReads(options);
  if (options.layout == Layout::kV1) {
    MakeV1Writes(options.table);
  } else {
    MakeV2Writes(options.table);
  }
  MakeStrictWrites();
  MakeCleanup(options);
}

// No function of ours is in the database, so what fails is a division by the number of rows.
void Statements::MakeStrictWrites() {
  const auto strict = [](const std::string& write) {
    return "WITH w AS (" + write + ") SELECT max(etag), 1 / count(*) FROM w";
  };
  At(Sql::kSetIfAbsentOrFail) = strict(At(Sql::kSetIfAbsent));
  At(Sql::kSetIfMatchOrFail) = strict(At(Sql::kSetIfMatch));
  At(Sql::kDeleteIfMatchOrFail) = strict(At(Sql::kDeleteIfMatch) + " RETURNING '' AS etag");
}

void Statements::MakeReads(const PostgresOptions& options) {
  const Columns columns = ColumnsOf(options.layout);
  const std::string live = Live(columns.expiry);
  const std::string& table = options.table;
  const std::string row = "SELECT value, " + std::string(columns.etag) + "::text, " +
                          std::string(columns.expiry) + ", " + std::string(columns.is_binary);
  At(Sql::kGet) = row + " FROM " + table + " WHERE key = $1::text AND " + live;
  At(Sql::kGetMany) = row + ", key FROM " + table + " WHERE key = ANY($1::text[]) AND " + live;
  At(Sql::kListByRow) = "SELECT key, row_id::text AS place FROM " + table +
                        " WHERE starts_with(key, $1::text) AND row_id > $2::text::bigint AND " +
                        live + " ORDER BY row_id LIMIT $3::bigint";
  At(Sql::kListByKey) =
      "SELECT key, key AS place FROM " + table +
      " WHERE starts_with(key, $1::text) AND key COLLATE \"C\" > $2::text COLLATE \"C\" AND " +
      live + " ORDER BY key COLLATE \"C\" LIMIT $3::bigint";
  At(Sql::kDelete) = "DELETE FROM " + table + " WHERE key = $1::text";
  At(Sql::kDeleteMany) = "DELETE FROM " + table + " WHERE key = ANY($1::text[])";
  const std::string_view type = options.layout == Layout::kV1 ? "xid" : "uuid";
  At(Sql::kDeleteIfMatch) = At(Sql::kDelete) + " AND " + std::string(columns.etag) +
                            " = $2::text::" + std::string(type) + " AND " + live;
}

void Statements::MakeV1Writes(const std::string& table) {
  const std::string etag = " RETURNING xmin::text AS etag";
  const std::string into = "INSERT INTO " + table + " AS t (key, value, isbinary, expiredate) ";
  const std::string or_update =
      " ON CONFLICT (key) DO UPDATE SET value = excluded.value, isbinary = excluded.isbinary,"
      " updatedate = now(), expiredate = excluded.expiredate";
  const std::string insert = into + "VALUES ($1::text, $2::text::jsonb, $4::boolean, " +
                             std::string(kExpiry) + ")" + or_update;
  At(Sql::kSetMany) = into + "SELECT k, v::jsonb, b, " + std::string(kExpiryOfMany) +
                      " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[])"
                      " AS r(k, v, x, b)" +
                      or_update + etag + ", key";
  At(Sql::kSet) = insert + etag;
  // What has expired but is still there counts as absent.
  At(Sql::kSetIfAbsent) = insert + " WHERE t.expiredate <= now()" + etag;
  At(Sql::kSetIfMatch) = "UPDATE " + table +
                         " SET value = $2::text::jsonb, isbinary = $4::boolean,"
                         " updatedate = now(), expiredate = " +
                         std::string(kExpiry) + " WHERE key = $1::text AND xmin = $5::text::xid" +
                         " AND " + Live("expiredate") + etag;
}

void Statements::MakeV2Writes(const std::string& table) {
  const std::string etag = " RETURNING etag::text AS etag";
  const std::string into = "INSERT INTO " + table + " AS t (key, value, etag, expires_at) ";
  const std::string or_update =
      " ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = excluded.etag,"
      " updated_at = now(), expires_at = excluded.expires_at";
  const std::string insert = into + "VALUES ($1::text, $2::bytea, gen_random_uuid(), " +
                             std::string(kExpiry) + ")" + or_update;
  At(Sql::kSetMany) = into + "SELECT k, v, gen_random_uuid(), " + std::string(kExpiryOfMany) +
                      " FROM unnest($1::text[], $2::bytea[], $3::bigint[]) AS r(k, v, x)" +
                      or_update + etag + ", key";
  At(Sql::kSet) = insert + etag;
  At(Sql::kSetIfAbsent) = insert + " WHERE t.expires_at <= now()" + etag;
  At(Sql::kSetIfMatch) = "UPDATE " + table +
                         " SET value = $2::bytea, etag = gen_random_uuid(), updated_at = now(),"
                         " expires_at = " +
                         std::string(kExpiry) + " WHERE key = $1::text AND etag = $4::text::uuid" +
                         " AND " + Live("expires_at") + etag;
}

void Statements::MakeCleanup(const PostgresOptions& options) {
  const bool is_v1 = options.layout == Layout::kV1;
  const std::string key = is_v1 ? "last-cleanup" : "last-cleanup-state-v2-" + options.table_prefix;
  // As now()::text, but the same whatever the session's datestyle is.
  constexpr std::string_view kNow =
      "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"+00\"')";
  const std::string now(kNow);
  At(Sql::kClaimCleanup) =
      "INSERT INTO " + options.metadata_table + " AS m (key, value) VALUES (" + QuotedWord(key) +
      ", " + now + ") ON CONFLICT (key) DO UPDATE SET value = " + now +
      " WHERE (extract(epoch FROM now() - m.value::timestamptz) * 1000)::bigint > $1::bigint";
  At(Sql::kDeleteExpired) = "DELETE FROM " + options.table + " WHERE " +
                            std::string(ColumnsOf(options.layout).expiry) + " < now()";
}

std::string MigrationsKey(const PostgresOptions& options) {
  return options.layout == Layout::kV1 ? "migrations"
                                       : "migrations-state-v2-" + options.table_prefix;
}

}  // namespace MECHA_COMPONENT
