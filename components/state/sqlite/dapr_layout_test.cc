// SPDX-License-Identifier: Apache-2.0
// One file, used by this store and by a Dapr sidecar in turn. The sidecar's part is played by
// statements of the shapes it uses.
#include <string>
#include <vector>

#include "encoding/uuid.h"
#include "store_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::string_view kEtag = "4f0cbe3c-0c5e-4c8e-8a53-2f0a5a6f7f10";

void CreateAsDapr(RawDatabase& database) {
  database.Run("PRAGMA journal_mode = WAL");
  database.Run("CREATE TABLE metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL)");
  database.Run(
      "CREATE TABLE state (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, is_binary BOOLEAN "
      "NOT NULL, etag TEXT NOT NULL, expiration_time TIMESTAMP DEFAULT NULL, update_time TIMESTAMP "
      "NOT NULL DEFAULT CURRENT_TIMESTAMP)");
  database.Run("REPLACE INTO metadata (key, value) VALUES ('migrations', '1')");
}

// `value` and `expiration` are SQL expressions.
void SetAsDapr(RawDatabase& database, const std::string& key, const std::string& value,
               bool is_binary, const std::string& expiration) {
  database.Run(
      "INSERT OR REPLACE INTO state (key, value, is_binary, etag, update_time, "
      "expiration_time) VALUES ('" +
      key + "', '" + value + "', " + (is_binary ? "1" : "0") + ", '" + std::string(kEtag) +
      "', CURRENT_TIMESTAMP, " + expiration + ")");
}

// First-write by position: it works only while the six columns stand in Dapr's order.
std::string FirstWriteAsDapr(RawDatabase& database, const std::string& key) {
  return database.One(
      "WITH a AS (SELECT '" + key +
      "', '1', 0, 'etag', NULL, CURRENT_TIMESTAMP WHERE NOT EXISTS "
      "(SELECT 1 FROM state WHERE key = '" +
      key +
      "' AND (expiration_time IS NULL OR "
      "expiration_time > CURRENT_TIMESTAMP))) INSERT OR REPLACE INTO state SELECT * FROM a "
      "RETURNING 1");
}

RawDatabase::Rows GetAsDapr(RawDatabase& database, const std::string& key) {
  return database.Run(
      "SELECT key, value, is_binary, etag, expiration_time FROM state WHERE key = "
      "'" +
      key +
      "' AND (expiration_time IS NULL OR expiration_time > "
      "CURRENT_TIMESTAMP)");
}

TEST_CASE("what a Dapr sidecar stored is read and written on") {
  PrivateFolder folder;
  RawDatabase dapr(folder.File("dapr.db"));
  CreateAsDapr(dapr);
  SetAsDapr(dapr, "app||json", R"({"a":"b"})", false, "NULL");
  SetAsDapr(dapr, "app||bytes", "AAEC/w==", true, "NULL");
  SetAsDapr(dapr, "app||lives", "1", false, "DATETIME(CURRENT_TIMESTAMP, '+100 seconds')");
  SetAsDapr(dapr, "app||dead", "1", false, "DATETIME(CURRENT_TIMESTAMP, '-1 seconds')");
  StoreUnderTest store(Fields{{"connectionString", folder.File("dapr.db")}});

  CHECK(store.Text("app||json") == R"({"a":"b"})");
  CHECK(store.Get("app||json")->kind == ValueKind::kJson);
  CHECK(store.Get("app||json")->etag.view() == kEtag);
  CHECK(store.Text("app||bytes") == std::string("\0\1\2\xff", 4));
  CHECK(store.Get("app||bytes")->kind == ValueKind::kBinary);
  const Duration left = *store.Get("app||lives")->expires - store.host().clock().WallNow();
  CHECK(left > std::chrono::seconds(95));
  CHECK(left <= std::chrono::seconds(100));
  CHECK(store.Text("app||dead") == "NOT_FOUND");
  CHECK(store.List("app||").keys.size() == 3);
  CHECK(store.Write(Put("app||json", "2", Condition::kIfMatch, kEtag)).ok());
  CHECK(store.Write(Put("app||dead", "2", Condition::kIfAbsent)).ok());
  CHECK(dapr.One("SELECT count(*) FROM state") == "4");
}

TEST_CASE("what this store wrote satisfies a Dapr sidecar's reads and writes") {
  StoreUnderTest store;
  const std::string etag(store.Write(Put("app||bytes", std::string("\0\1\2\xff", 4)))->view());
  REQUIRE(store.Write(PutJson("app||json", R"({"a":"b"})")).ok());
  StateWrite mortal = PutJson("app||mortal", "1");
  mortal.ttl = std::chrono::seconds(100);
  REQUIRE(store.Write(mortal).ok());
  RawDatabase dapr(store.file());
  CHECK(GetAsDapr(dapr, "app||bytes") ==
        RawDatabase::Rows{{"app||bytes", "AAEC/w==", "1", etag, "NULL"}});
  CHECK(GetAsDapr(dapr, "app||json")[0][1] == R"({"a":"b"})");
  CHECK(GetAsDapr(dapr, "app||json")[0][2] == "0");
  CHECK(
      dapr.One("SELECT strftime('%s', expiration_time) - strftime('%s', 'now') BETWEEN 98 AND 101 "
               "FROM state WHERE key = 'app||mortal'") == "1");
  CHECK(
      dapr.One("SELECT group_concat(DISTINCT typeof(value) || typeof(is_binary) || typeof(etag) || "
               "typeof(update_time)) FROM state") == "textintegertexttext");
  CHECK(dapr.One("SELECT max(abs(strftime('%s', update_time) - strftime('%s', 'now'))) < 5 FROM "
                 "state") == "1");

  dapr.Run("UPDATE state SET value = '2', etag = '" + std::string(kEtag) +
           "', is_binary = 0, update_time = CURRENT_TIMESTAMP, expiration_time = NULL WHERE key = "
           "'app||bytes' AND etag = '" +
           etag +
           "' AND (expiration_time IS NULL OR "
           "expiration_time > CURRENT_TIMESTAMP)");
  CHECK(store.Text("app||bytes") == "2");
  CHECK(FirstWriteAsDapr(dapr, "app||json").empty());
  CHECK(FirstWriteAsDapr(dapr, "app||new") == "1");
  CHECK(store.Text("app||new") == "1");
}

TEST_CASE("the tables are Dapr's: six columns in order, the migration level as text") {
  StoreUnderTest store;
  RawDatabase raw(store.file());
  const RawDatabase::Rows columns =
      raw.Run("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('state')");
  CHECK(columns == RawDatabase::Rows{{"key", "TEXT", "1", "NULL", "1"},
                                     {"value", "TEXT", "1", "NULL", "0"},
                                     {"is_binary", "BOOLEAN", "1", "NULL", "0"},
                                     {"etag", "TEXT", "1", "NULL", "0"},
                                     {"expiration_time", "TIMESTAMP", "0", "NULL", "0"},
                                     {"update_time", "TIMESTAMP", "1", "CURRENT_TIMESTAMP", "0"}});
  CHECK(raw.Run("SELECT key, value, typeof(value) FROM metadata") ==
        RawDatabase::Rows{{"migrations", "1", "text"}});
}

TEST_CASE("a table from before migrations were counted is taken over") {
  PrivateFolder folder;
  RawDatabase dapr(folder.File("old.db"));
  CreateAsDapr(dapr);
  dapr.Run("DROP TABLE metadata");
  SetAsDapr(dapr, "k", "1", false, "NULL");
  StoreUnderTest store(Fields{{"connectionString", folder.File("old.db")}});
  CHECK(store.Text("k") == "1");
  CHECK(dapr.One("SELECT value FROM metadata WHERE key = 'migrations'") == "1");
}

TEST_CASE("two stores may keep their tables in one file") {
  StoreUnderTest first;
  StoreUnderTest second(Fields{{"connectionString", first.file()}, {"tableName", "order"}});
  CHECK(first.Write(Put("k", "1")).ok());
  CHECK(second.Write(Put("k", "2")).ok());
  CHECK(first.Text("k") == "1");
  CHECK(second.Text("k") == "2");
}

TEST_CASE("a newer migration level and a foreign table are refused, with what to do") {
  PrivateFolder folder;
  RawDatabase raw(folder.File("other.db"));
  CreateAsDapr(raw);
  raw.Run("UPDATE metadata SET value = '7'");
  raw.Run("CREATE TABLE other (id INTEGER)");
  const Call call;
  for (const auto& [table, part] : {std::pair("state", "migration level \"7\""),
                                    std::pair("other", "has the columns id instead of")}) {
    test::TestHost host;
    const Settings settings =
        SettingsOf({{"connectionString", folder.File("other.db")}, {"tableName", table}});
    SqliteStateStore store;
    if (std::string_view(table) == "other") {
      raw.Run("UPDATE metadata SET value = '1'");
    }
    const Status status = store.Init(call.context, settings, host);
    INFO(status.message());
    CHECK(IsFailedPrecondition(status));
    CHECK(std::string(status.message()).find(part) != std::string::npos);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
