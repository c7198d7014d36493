// SPDX-License-Identifier: Apache-2.0
#include "sqlite/sqlite_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

using std::chrono::microseconds;

// How long to sleep before looking at a lock again: the n-th entry at the n-th time.
constexpr std::array<microseconds, 8> kPauses = {
    microseconds(100),  microseconds(200),  microseconds(500),  microseconds(1000),
    microseconds(2000), microseconds(3000), microseconds(5000), microseconds(10000)};

// As Transaction counts them.
constexpr std::array<std::string_view, kTransactionCount> kTransactionTexts = {
    "BEGIN",          "BEGIN IMMEDIATE",  "COMMIT",      "ROLLBACK",
    "SAVEPOINT unit", "ROLLBACK TO unit", "RELEASE unit"};

Duration PauseBefore(int attempt) {
  return kPauses[std::min(static_cast<size_t>(attempt), kPauses.size() - 1)];
}

int OpenFlags(FileAccess access, OpenAs as) {
  constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE;
  if (as != OpenAs::kConfigured || access == FileAccess::kReadOnly) {
    return kAlways | SQLITE_OPEN_READONLY;
  }
  const int create = access == FileAccess::kReadWriteCreate ? SQLITE_OPEN_CREATE : 0;
  return kAlways | SQLITE_OPEN_READWRITE | create;
}

}  // namespace

StatusOr<std::unique_ptr<Connection>> Connection::Open(const DatabaseSettings& settings,
                                                       const Layout& layout, Host& host,
                                                       const CallContext& call, OpenAs as) {
  std::unique_ptr<Connection> connection(new Connection(settings, layout, host));
  connection->WaitFor(&call);
  RETURN_IF_ERROR(connection->OpenFile(as));
  RETURN_IF_ERROR(connection->Configure());
  connection->WaitFor(nullptr);
  return connection;
}

Connection::~Connection() {
  for (sqlite3_stmt* statement : statements_) {
    sqlite3_finalize(statement);
  }
  sqlite3_close(db_);
}

Status Connection::OpenFile(OpenAs as) {
  const ConnectionString& location = settings_.location;
  const char* vfs = location.vfs.empty() ? nullptr : location.vfs.c_str();
  const int code = sqlite3_open_v2(location.Uri(as == OpenAs::kImmutable).c_str(), &db_,
                                   OpenFlags(location.access, as), vfs);
  if (code != SQLITE_OK) {
    const int cause = db_ == nullptr ? 0 : sqlite3_system_errno(db_);
    const std::string detail =
        cause == 0 ? sqlite3_errstr(code) : std::generic_category().message(cause);
    return StatusOfSqlite(code, file(), detail);
  }
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_handler(
      db_, [](void* self, int attempt) { return static_cast<Connection*>(self)->OnBusy(attempt); },
      this);
  return OkStatus();
}

Status Connection::Configure() {
  RETURN_IF_ERROR(Execute("PRAGMA cache_size = -" + std::to_string(kPageCacheKib)));
  for (const std::string& pragma : settings_.location.pragmas) {
    RETURN_IF_ERROR(Execute("PRAGMA " + pragma));
  }
  RETURN_IF_ERROR(Execute("PRAGMA synchronous = " + settings_.synchronous));
  ASSIGN_OR_RETURN(const std::optional<std::string> encoding, QueryText("PRAGMA encoding"));
  if (encoding != "UTF-8") {
    return FailedPrecondition(file() + ": the database's text encoding is " +
                              encoding.value_or("unknown") +
                              ", only UTF-8 is supported; name another file");
  }
  RETURN_IF_ERROR(layout_.Check(*this));
  return SetJournalMode();
}

Status Connection::SetJournalMode() {
  if (settings_.location.is_in_memory || is_read_only()) {
    return OkStatus();
  }
  const std::string wanted = settings_.uses_wal ? "wal" : "delete";
  ASSIGN_OR_RETURN(const std::optional<std::string> before, QueryText("PRAGMA journal_mode"));
  if (before == wanted) {
    return OkStatus();
  }
  // SQLite does not call the busy handler for every lock this takes, so the wait is here.
  for (int attempt = 0;; ++attempt) {
    const auto after = QueryText("PRAGMA journal_mode = " + wanted);
    const bool is_busy = !after.ok() && IsUnavailable(after.status());
    if (is_busy && OnBusy(attempt) != 0) {
      continue;
    }
    if (after.ok() && *after != wanted) {
      host_.Log(Severity::kWarning, settings_.component,
                file() + ": the journal mode stays " + after->value_or("unknown"));
      return OkStatus();
    }
    return after.status();
  }
}

int Connection::OnBusy(int attempt) {
  if (call_ == nullptr) {
    return 0;
  }
  const SteadyTime now = host_.clock().Now();
  if (attempt == 0) {
    wait_ended_ = OkStatus();
    give_up_at_ = busy_until_ != SteadyTime::max() ? busy_until_ : now + settings_.busy_timeout;
  }
  if (now >= give_up_at_) {
    return 0;
  }
  wait_ended_ = host_.Sleep(*call_, std::min(PauseBefore(attempt), give_up_at_ - now));
  return wait_ended_.ok() ? 1 : 0;
}

StatusOr<Statement> Connection::PrepareAt(size_t place) {
  sqlite3_stmt*& statement = statements_[place];
  if (statement == nullptr) {
    const std::string_view text = place < kTransactionCount
                                      ? kTransactionTexts[place]
                                      : layout_.StatementText(place - kTransactionCount);
    const int code = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      return StatusOf(code);
    }
  }
  return Statement(*this, statement);
}

Status Connection::Run(Transaction step) {
  ASSIGN_OR_RETURN(Statement statement, PrepareAt(static_cast<size_t>(step)));
  const bool commits = step == Transaction::kCommit;
  return statement.Step(commits ? Moment::kCommit : Moment::kBeforeCommit).status();
}

void Connection::RollBack() {
  if (is_in_transaction()) {
    (void)Run(Transaction::kRollback);
  }
}

Status Connection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? OkStatus() : StatusOf(code);
}

StatusOr<std::optional<std::string>> Connection::QueryText(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int prepared = sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
  if (prepared != SQLITE_OK) {
    return StatusOf(prepared);
  }
  const int code = sqlite3_step(statement);
  std::optional<std::string> text;
  if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
    text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  }
  const Status status = code == SQLITE_ROW || code == SQLITE_DONE ? OkStatus() : StatusOf(code);
  sqlite3_finalize(statement);
  RETURN_IF_ERROR(status);
  return text;
}

Status Connection::StatusOf(int code, Moment moment) {
  was_busy_ = (code & 0xff) == SQLITE_BUSY;
  if (was_busy_ && !wait_ended_.ok()) {
    return std::exchange(wait_ended_, OkStatus());
  }
  return StatusOfSqlite(code, file(), sqlite3_errmsg(db_), moment);
}

StatusOr<bool> Statement::Step(Moment moment) {
  if (failure_ != SQLITE_OK) {
    return connection_->StatusOf(failure_);
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW || code == SQLITE_DONE) {
    return code == SQLITE_ROW;
  }
  return connection_->StatusOf(code, moment);
}

}  // namespace mecha::components
