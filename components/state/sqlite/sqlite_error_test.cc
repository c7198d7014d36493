// SPDX-License-Identifier: Apache-2.0
#include "sqlite_error.h"

#include <sqlite3.h>

#include <string>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

TEST_CASE("each SQLite error has its status code") {
  struct Expected {
    int code;
    absl::StatusCode status;
  };
  constexpr Expected kExpected[] = {
      {SQLITE_BUSY, absl::StatusCode::kUnavailable},
      {SQLITE_BUSY_SNAPSHOT, absl::StatusCode::kUnavailable},
      {SQLITE_LOCKED, absl::StatusCode::kUnavailable},
      {SQLITE_PROTOCOL, absl::StatusCode::kUnavailable},
      {SQLITE_IOERR_FSYNC, absl::StatusCode::kUnavailable},
      {SQLITE_FULL, absl::StatusCode::kResourceExhausted},
      {SQLITE_TOOBIG, absl::StatusCode::kResourceExhausted},
      {SQLITE_READONLY_DBMOVED, absl::StatusCode::kFailedPrecondition},
      {SQLITE_CANTOPEN, absl::StatusCode::kFailedPrecondition},
      {SQLITE_CONSTRAINT_TRIGGER, absl::StatusCode::kFailedPrecondition},
      {SQLITE_PERM, absl::StatusCode::kPermissionDenied},
      {SQLITE_CORRUPT_VTAB, absl::StatusCode::kDataLoss},
      {SQLITE_NOTADB, absl::StatusCode::kDataLoss},
      {SQLITE_MISUSE, absl::StatusCode::kInternal},
      {SQLITE_ERROR, absl::StatusCode::kInternal},
  };
  for (const Expected& expected : kExpected) {
    INFO(expected.code);
    CHECK(StatusOfSqlite(expected.code, "f", "").code() == expected.status);
  }
  CHECK(HasCode(StatusOfSqlite(SQLITE_NOMEM, "f", ""), LocalCode::kNoMemory));
  CHECK(HasCode(StatusOfSqlite(SQLITE_IOERR_NOMEM, "f", ""), LocalCode::kNoMemory));
}

TEST_CASE("only a disk error at the commit leaves the outcome open") {
  CHECK(AppliedOf(StatusOfSqlite(SQLITE_IOERR_FSYNC, "f", "", Moment::kCommit)) == Applied::kMaybe);
  CHECK(AppliedOf(StatusOfSqlite(SQLITE_IOERR_READ, "f", "")) == Applied::kNo);
  CHECK(AppliedOf(StatusOfSqlite(SQLITE_FULL, "f", "", Moment::kCommit)) == Applied::kNo);
  CHECK(AppliedOf(StatusOfSqlite(SQLITE_BUSY, "f", "", Moment::kCommit)) == Applied::kNo);
}

TEST_CASE("a message names the file first and SQLite's own words last") {
  const std::string message(Message(StatusOfSqlite(SQLITE_FULL, "/d/x.db", "disk is full")));
  CHECK(message.find("/d/x.db: ") == 0);
  CHECK(message.find("(SQLite 13: disk is full)") != std::string::npos);
}

}  // namespace
}  // namespace MECHA_COMPONENT
