// SPDX-License-Identifier: Apache-2.0
#include "sqlite/sqlite_error.h"

#include <sqlite3.h>

#include <string>

#include "support/catch.h"

namespace mecha::components {
namespace {

TEST_CASE("each SQLite error has its status code") {
  struct Expected {
    int code;
    StatusCode status;
  };
  constexpr Expected kExpected[] = {
      {SQLITE_BUSY, StatusCode::kUnavailable},
      {SQLITE_BUSY_SNAPSHOT, StatusCode::kUnavailable},
      {SQLITE_LOCKED, StatusCode::kUnavailable},
      {SQLITE_PROTOCOL, StatusCode::kUnavailable},
      {SQLITE_IOERR_FSYNC, StatusCode::kUnavailable},
      {SQLITE_FULL, StatusCode::kResourceExhausted},
      {SQLITE_TOOBIG, StatusCode::kResourceExhausted},
      {SQLITE_READONLY_DBMOVED, StatusCode::kFailedPrecondition},
      {SQLITE_CANTOPEN, StatusCode::kFailedPrecondition},
      {SQLITE_CONSTRAINT_TRIGGER, StatusCode::kFailedPrecondition},
      {SQLITE_PERM, StatusCode::kPermissionDenied},
      {SQLITE_CORRUPT_VTAB, StatusCode::kDataLoss},
      {SQLITE_NOTADB, StatusCode::kDataLoss},
      {SQLITE_MISUSE, StatusCode::kInternal},
      {SQLITE_ERROR, StatusCode::kInternal},
  };
  for (const Expected& expected : kExpected) {
    INFO(expected.code);
    CHECK(StatusOfSqlite(expected.code, "f", "").code() == expected.status);
  }
  CHECK(HasCode(StatusOfSqlite(SQLITE_NOMEM, "f", ""), StatusCode::kNoMemory));
  CHECK(HasCode(StatusOfSqlite(SQLITE_IOERR_NOMEM, "f", ""), StatusCode::kNoMemory));
}

TEST_CASE("only a disk error at the commit leaves the outcome open") {
  CHECK(StatusOfSqlite(SQLITE_IOERR_FSYNC, "f", "", Moment::kCommit).applied() == Applied::kMaybe);
  CHECK(StatusOfSqlite(SQLITE_IOERR_READ, "f", "").applied() == Applied::kNo);
  CHECK(StatusOfSqlite(SQLITE_FULL, "f", "", Moment::kCommit).applied() == Applied::kNo);
  CHECK(StatusOfSqlite(SQLITE_BUSY, "f", "", Moment::kCommit).applied() == Applied::kNo);
}

TEST_CASE("a message names the file first and SQLite's own words last") {
  const std::string message(StatusOfSqlite(SQLITE_FULL, "/d/x.db", "disk is full").message());
  CHECK(message.find("/d/x.db: ") == 0);
  CHECK(message.find("(SQLite 13: disk is full)") != std::string::npos);
}

}  // namespace
}  // namespace mecha::components
