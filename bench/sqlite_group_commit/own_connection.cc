// SPDX-License-Identifier: Apache-2.0
#include "sqlite_group_commit/own_connection.h"

#include <array>
#include <chrono>
#include <cstring>

#include "encoding/base64.h"
#include "encoding/uuid.h"
#include "schema.h"
#include "timestamp.h"

namespace bench {
namespace {

using mecha::components::state_sqlite::Schema;
using mecha::components::state_sqlite::Sql;
using mecha::components::state_sqlite::Timestamp;

// Long enough that no writer ever gives up.
constexpr int kBusyTimeoutMs = 60000;

void Bind(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

}  // namespace

OwnConnection::OwnConnection(const std::string& file, const std::string& synchronous)
    : random_(std::random_device()()) {
  const std::string pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = " + synchronous;
  const Schema schema("state", "metadata");
  const std::string& sql = schema.Of(Sql::kSet);
  const bool is_ready =
      sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) ==
          SQLITE_OK &&
      sqlite3_busy_timeout(db_, kBusyTimeoutMs) == SQLITE_OK &&
      sqlite3_exec(db_, pragmas.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &set_, nullptr) ==
          SQLITE_OK;
  if (!is_ready) {
    Fail(sqlite3_errmsg(db_));
  }
}

OwnConnection::~OwnConnection() {
  sqlite3_finalize(set_);
  sqlite3_close(db_);
}

void OwnConnection::Set(std::string_view key, std::string_view value) {
  std::array<unsigned char, 16> bytes;
  for (size_t i = 0; i < bytes.size(); i += sizeof(uint64_t)) {
    const uint64_t number = random_();
    std::memcpy(bytes.data() + i, &number, sizeof number);
  }
  const std::string etag = mecha::FormatUuid(bytes);
  encoded_.resize(mecha::Base64EncodedSize(value.size()));
  mecha::EncodeBase64(value, encoded_.data());
  const Timestamp now = Timestamp::Of(std::chrono::system_clock::now());
  Bind(set_, 1, key);
  Bind(set_, 2, encoded_);
  sqlite3_bind_int64(set_, 3, 1);
  Bind(set_, 4, etag);
  sqlite3_bind_null(set_, 5);
  Bind(set_, 6, now.text());
  if (sqlite3_step(set_) != SQLITE_DONE) {
    Fail(sqlite3_errmsg(db_));
  }
  sqlite3_reset(set_);
  sqlite3_clear_bindings(set_);
}

}  // namespace bench
