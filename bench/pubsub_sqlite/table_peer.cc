// SPDX-License-Identifier: Apache-2.0
#include "pubsub_sqlite/table_peer.h"

#include <sqlite3.h>

#include "support/messages.h"

namespace bench {
namespace {

sqlite3* OpenFile(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) {
    Fail("sqlite3: cannot open");
  }
  sqlite3_busy_timeout(db, 2000);
  return db;
}

void Execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    Fail(sqlite3_errmsg(db));
  }
}

sqlite3_stmt* Prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) != SQLITE_OK) {
    Fail(sqlite3_errmsg(db));
  }
  return statement;
}

void Finish(sqlite3* db, sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) {
    Fail(sqlite3_errmsg(db));
  }
  sqlite3_reset(statement);
}

}  // namespace

TablePeer::TablePeer(const std::string& file) : writer_(OpenFile(file)), reader_(OpenFile(file)) {
  for (sqlite3* db : {writer_, reader_}) {
    Execute(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=OFF");
  }
  Execute(writer_,
          "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT,"
          " published INTEGER NOT NULL, payload BLOB NOT NULL)");
  add_ = Prepare(writer_, "INSERT INTO message (published, payload) VALUES (?1, ?2)");
  list_ = Prepare(reader_, "SELECT id, payload FROM message ORDER BY id LIMIT ?1");
  remove_ = Prepare(reader_, "DELETE FROM message WHERE id <= ?1");
}

TablePeer::~TablePeer() {
  for (sqlite3_stmt* statement : {add_, list_, remove_}) {
    sqlite3_finalize(statement);
  }
  sqlite3_close(reader_);
  sqlite3_close(writer_);
}

void TablePeer::Publish(std::string_view data, size_t count) {
  Execute(writer_, "BEGIN IMMEDIATE");
  for (size_t i = 0; i < count; ++i) {
    sqlite3_bind_int64(add_, 1, 1'700'000'000'000);
    sqlite3_bind_blob64(add_, 2, data.data(), data.size(), SQLITE_STATIC);
    Finish(writer_, add_);
  }
  Execute(writer_, "COMMIT");
}

void TablePeer::Consume(size_t count) {
  Execute(reader_, "BEGIN IMMEDIATE");
  sqlite3_bind_int64(list_, 1, static_cast<sqlite3_int64>(count));
  sqlite3_int64 last = 0;
  size_t found = 0;
  while (sqlite3_step(list_) == SQLITE_ROW) {
    last = sqlite3_column_int64(list_, 0);
    const std::string copy(static_cast<const char*>(sqlite3_column_blob(list_, 1)),
                           static_cast<size_t>(sqlite3_column_bytes(list_, 1)));
    found += copy.empty() ? 0 : 1;
  }
  sqlite3_reset(list_);
  if (found != count) {
    Fail("sqlite3: not all messages came");
  }
  sqlite3_bind_int64(remove_, 1, last);
  Finish(reader_, remove_);
  Execute(reader_, "COMMIT");
}

}  // namespace bench
