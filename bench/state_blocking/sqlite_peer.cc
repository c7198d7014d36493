// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <random>

#include "encoding/base64.h"
#include "encoding/uuid.h"
#include "schema.h"
#include "sqlite/sqlite_connection.h"
#include "state_blocking/contender.h"
#include "timestamp.h"

namespace bench {
namespace {

using mecha::components::kPageCacheKib;
using mecha::components::state_sqlite::Schema;
using mecha::components::state_sqlite::Sql;
using mecha::components::state_sqlite::Timestamp;

constexpr const char* kTable =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE state (key TEXT NOT NULL "
    "PRIMARY KEY, value TEXT NOT NULL, is_binary BOOLEAN NOT NULL, etag TEXT NOT NULL, "
    "expiration_time TIMESTAMP DEFAULT NULL, update_time TIMESTAMP NOT NULL DEFAULT "
    "CURRENT_TIMESTAMP)";

// What a careful program does with sqlite3 alone: the same table, the same statements prepared
// once, base64 both ways, a random UUID as etag, and the expiry looked at.
class SqlitePeer final : public Contender {
 public:
  SqlitePeer(const std::string& file, int page_cache_kib) : page_cache_kib_(page_cache_kib) {
    const Schema schema("state", "metadata");
    Check(
        sqlite3_open_v2(file.c_str(), &db_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr),
        SQLITE_OK);
    sqlite3_busy_timeout(db_, 2000);
    Check(sqlite3_exec(db_, kTable, nullptr, nullptr, nullptr), SQLITE_OK);
    if (page_cache_kib > 0) {
      const std::string pragma = "PRAGMA cache_size = -" + std::to_string(page_cache_kib);
      Check(sqlite3_exec(db_, pragma.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    }
    get_ = Prepare(schema.Of(Sql::kGet));
    set_ = Prepare(schema.Of(Sql::kSet));
    begin_ = Prepare("BEGIN IMMEDIATE");
    begin_read_ = Prepare("BEGIN");
    commit_ = Prepare("COMMIT");
  }
  SqlitePeer(const SqlitePeer&) = delete;
  SqlitePeer& operator=(const SqlitePeer&) = delete;
  ~SqlitePeer() override {
    sqlite3_finalize(get_);
    sqlite3_finalize(set_);
    sqlite3_finalize(begin_);
    sqlite3_finalize(begin_read_);
    sqlite3_finalize(commit_);
    sqlite3_close(db_);
  }

  std::string name() const override {
    return page_cache_kib_ == 0 ? "sqlite3" : "sqlite3, same cache";
  }

  size_t Get(const Key& key) override {
    BindText(get_, 1, key.stored);
    Check(sqlite3_step(get_), SQLITE_ROW);
    if (sqlite3_column_type(get_, 3) != SQLITE_NULL) {
      Fail("sqlite3: unexpected expiry");
    }
    const std::string etag(Column(get_, 2));
    std::string value(mecha::Base64DecodedBound(Column(get_, 0).size()), '\0');
    if (sqlite3_column_int64(get_, 1) != 0) {
      value.resize(mecha::DecodeBase64(Column(get_, 0), value.data()).value_or(0));
    }
    Reset(get_);
    return value.size() + (etag.empty() ? 1 : 0);
  }

  // All at one moment.
  size_t GetMany(std::span<const Key> keys) override {
    size_t size = 0;
    Step(begin_read_);
    for (const Key& key : keys) {
      size += Get(key);
    }
    Step(commit_);
    return size;
  }

  void SetTogether(std::span<const Key> keys, std::string_view value) override {
    Step(begin_);
    for (const Key& key : keys) {
      Set(key, value);
    }
    Step(commit_);
  }

  void Set(const Key& key, std::string_view value) override {
    std::array<unsigned char, 16> bytes;
    for (size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t number = random_();
      for (size_t k = 0; k < 8; ++k) {
        bytes[i + k] = static_cast<unsigned char>(number >> (8 * k));
      }
    }
    const std::string etag = mecha::FormatUuid(bytes);
    encoded_.resize(mecha::Base64EncodedSize(value.size()));
    mecha::EncodeBase64(value, encoded_.data());
    const Timestamp now = Timestamp::Of(std::chrono::system_clock::now());
    BindText(set_, 1, key.stored);
    BindText(set_, 2, encoded_);
    sqlite3_bind_int64(set_, 3, 1);
    BindText(set_, 4, etag);
    sqlite3_bind_null(set_, 5);
    BindText(set_, 6, now.text());
    Check(sqlite3_step(set_), SQLITE_DONE);
    Reset(set_);
  }

 private:
  void Check(int code, int wanted) const {
    if (code != wanted) {
      Fail(db_ == nullptr ? "sqlite3: no memory" : sqlite3_errmsg(db_));
    }
  }
  void Step(sqlite3_stmt* statement) const {
    Check(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
  }
  sqlite3_stmt* Prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                             SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
          SQLITE_OK);
    return statement;
  }
  static void BindText(sqlite3_stmt* statement, int index, std::string_view text) {
    sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static std::string_view Column(sqlite3_stmt* statement, int index) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
    return {text, static_cast<size_t>(sqlite3_column_bytes(statement, index))};
  }
  static void Reset(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }

  const int page_cache_kib_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* get_ = nullptr;
  sqlite3_stmt* set_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* begin_read_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  std::string encoded_;
  std::mt19937_64 random_{1};
};

}  // namespace

std::unique_ptr<Contender> MakeSqlitePeer(const std::string& file) {
  return std::make_unique<SqlitePeer>(file, 0);
}

std::unique_ptr<Contender> MakeTunedSqlitePeer(const std::string& file) {
  return std::make_unique<SqlitePeer>(file, kPageCacheKib);
}

}  // namespace bench
