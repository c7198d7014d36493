// SPDX-License-Identifier: Apache-2.0
#include "sqlite/sqlite_error.h"

#include <sqlite3.h>

#include <string>

namespace mecha::components {
namespace {

struct Meaning {
  int code;  // primary
  StatusCode status;
  std::string_view text;
  bool is_unsure_at_commit = false;
};

constexpr Meaning kMeanings[] = {
    {SQLITE_BUSY, StatusCode::kUnavailable,
     "the database is locked by another process; raise busyTimeout or end the long transaction"},
    {SQLITE_LOCKED, StatusCode::kUnavailable,
     "the table is locked by another connection of this process; try again"},
    {SQLITE_PROTOCOL, StatusCode::kUnavailable,
     "too many processes race for the write-ahead log; try again"},
    {SQLITE_SCHEMA, StatusCode::kUnavailable, "the schema keeps changing; try again"},
    {SQLITE_INTERRUPT, StatusCode::kUnavailable, "the operation was interrupted"},
    {SQLITE_ABORT, StatusCode::kUnavailable, "the operation was rolled back; try again"},
    {SQLITE_IOERR, StatusCode::kUnavailable,
     "the disk reported an error; check the device and its file system", true},
    {SQLITE_FULL, StatusCode::kResourceExhausted,
     "the disk is full, or max_page_count is reached; free space and try again"},
    {SQLITE_TOOBIG, StatusCode::kResourceExhausted,
     "key and value are larger than one SQLite row may be (1 GB unless built otherwise)"},
    {SQLITE_READONLY, StatusCode::kFailedPrecondition,
     "the file or its folder is read-only; allow this user to write both"},
    {SQLITE_CANTOPEN, StatusCode::kFailedPrecondition,
     "the file cannot be opened; check that its folder exists and that this user may use it"},
    {SQLITE_CONSTRAINT, StatusCode::kFailedPrecondition,
     "the table refused the row; it has a constraint or trigger that is not ours"},
    {SQLITE_PERM, StatusCode::kPermissionDenied, "access was refused"},
    {SQLITE_AUTH, StatusCode::kPermissionDenied, "access was refused"},
    {SQLITE_CORRUPT, StatusCode::kDataLoss,
     "the database is damaged; restore a backup (sqlite3 FILE .recover saves what can be read)"},
    {SQLITE_NOTADB, StatusCode::kDataLoss,
     "the file is not an SQLite database, or it is encrypted; name another file"},
};

const Meaning* Find(int primary) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == primary) {
      return &meaning;
    }
  }
  return nullptr;
}

std::string Text(std::string_view file, std::string_view text, std::string_view detail, int code) {
  std::string message(file);
  message.append(": ").append(text).append(" (SQLite ").append(std::to_string(code));
  if (!detail.empty()) {
    message.append(": ").append(detail);
  }
  return message += ')';
}

}  // namespace

Status StatusOfSqlite(int code, std::string_view file, std::string_view detail, Moment moment) {
  const int primary = code & 0xff;
  if (primary == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM) {
    return Status(StatusCode::kNoMemory, Text(file, "out of memory", detail, code));
  }
  const Meaning* meaning = Find(primary);
  if (meaning == nullptr) {
    return Internal(Text(file, "SQLite refused the operation", detail, code));
  }
  Status status = Status(meaning->status, Text(file, meaning->text, detail, code));
  if (meaning->is_unsure_at_commit && moment == Moment::kCommit) {
    return MarkApplied(std::move(status), Applied::kMaybe);
  }
  return status;
}

}  // namespace mecha::components
