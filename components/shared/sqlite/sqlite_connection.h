// SPDX-License-Identifier: Apache-2.0
// Connection: one sqlite3 handle with its prepared statements, and Statement, one run of one of
// them. A connection is used by one thread at a time and opened without SQLite's own mutex; who may
// use it is decided by its owner (database.h). It waits for other processes' locks only in
// Host::Sleep, for the call it was given.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/database_settings.h"
#include "sqlite/layout.h"
#include "sqlite/sqlite_error.h"

namespace mecha::components {

class Statement;

// The most a connection keeps of the file in memory, taken as pages are read. SQLite's own 2 MB
// hold few values of 1 KB; a look-up that misses costs a system call and a copy. A connection
// string may set another.
constexpr int kPageCacheKib = 4096;

enum class OpenAs : unsigned char { kConfigured, kReadOnly, kImmutable };

// The statements that every connection has.
enum class Transaction : unsigned char {
  kBegin,
  kBeginImmediate,
  kCommit,
  kRollback,
  kSavepoint,
  kRollbackTo,
  kRelease,
};
constexpr size_t kTransactionCount = static_cast<size_t>(Transaction::kRelease) + 1;

class Connection {
 public:
  // `settings`, `layout` and `host` outlive the connection. `call` bounds waiting while it opens.
  static StatusOr<std::unique_ptr<Connection>> Open(const DatabaseSettings& settings,
                                                    const Layout& layout, Host& host,
                                                    const CallContext& call, OpenAs as);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Whose deadline and cancel bound the waiting for locks from here on, and until when at the
  // latest it waits (SteadyTime::max(): busyTimeout from the first failure). Null: do not wait.
  void WaitFor(const CallContext* call, SteadyTime busy_until = SteadyTime::max()) {
    call_ = call;
    busy_until_ = busy_until;
  }

  // The prepared statement of the layout, ready to bind. `Sql` is the component's enumeration.
  template <class Sql>
  StatusOr<Statement> Prepare(Sql sql);
  // Begins, ends or divides a transaction.
  Status Run(Transaction step);
  // Ends a transaction, if there still is one, without looking at the outcome.
  void RollBack();
  // For seldom used statements.
  Status Execute(const std::string& sql);
  StatusOr<std::optional<std::string>> QueryText(const std::string& sql);

  // False once an error has made SQLite roll back by itself.
  bool is_in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  bool is_read_only() const { return sqlite3_db_readonly(db_, "main") == 1; }
  int changed_rows() const { return sqlite3_changes(db_); }
  // The number of the row that was inserted last.
  int64_t last_row() const { return sqlite3_last_insert_rowid(db_); }
  const std::string& file() const { return settings_.location.file; }

  // The status for what sqlite3_step or so returned. A wait that the call ended says why it ended.
  Status StatusOf(int code, Moment moment = Moment::kBeforeCommit);

  // Whether the last error was that another one holds a lock.
  bool was_busy() const { return was_busy_; }

  // Room for an encoded value, kept between writes.
  std::string& scratch() { return scratch_; }
  Host& host() const { return host_; }

 private:
  Connection(const DatabaseSettings& settings, const Layout& layout, Host& host)
      : settings_(settings),
        layout_(layout),
        host_(host),
        statements_(kTransactionCount + layout.statement_count()) {}

  StatusOr<Statement> PrepareAt(size_t place);
  Status OpenFile(OpenAs as);
  Status Configure();
  Status SetJournalMode();
  int OnBusy(int attempt);

  const DatabaseSettings& settings_;
  const Layout& layout_;
  Host& host_;
  sqlite3* db_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;  // a transaction's, then the layout's
  const CallContext* call_ = nullptr;
  SteadyTime busy_until_ = SteadyTime::max();
  SteadyTime give_up_at_{};  // of the wait under way
  Status wait_ended_;        // why a wait was cut short; OK when it was not
  bool was_busy_ = false;
  std::string scratch_;
};

// One run of a prepared statement. Reset when it ends, so that it holds no lock. Bound text is not
// copied: it must live until then.
class Statement {
 public:
  Statement(Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  Statement(Statement&& other) noexcept
      : connection_(other.connection_),
        statement_(std::exchange(other.statement_, nullptr)),
        failure_(other.failure_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement() {
    if (statement_ != nullptr) {
      sqlite3_reset(statement_);
    }
  }

  // Failures to bind are told by Step.
  void BindText(int index, std::string_view text) {
    Note(sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(),
                             text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void BindBlob(int index, std::string_view bytes) {
    Note(sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(),
                             bytes.size(), SQLITE_STATIC));
  }
  void BindInteger(int index, int64_t value) { Note(sqlite3_bind_int64(statement_, index, value)); }
  void BindNull(int index) { Note(sqlite3_bind_null(statement_, index)); }
  // Greater than every text.
  void BindEmptyBlob(int index) { Note(sqlite3_bind_zeroblob(statement_, index, 0)); }

  // True: a row. False: done.
  StatusOr<bool> Step(Moment moment = Moment::kBeforeCommit);

  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  // The bytes as they are stored; valid until the next step.
  std::string_view Text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(bytes),
            static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  void Note(int code) { failure_ = failure_ == SQLITE_OK ? code : failure_; }

  Connection* connection_;
  sqlite3_stmt* statement_;
  int failure_ = SQLITE_OK;
};

template <class Sql>
StatusOr<Statement> Connection::Prepare(Sql sql) {
  static_assert(std::is_enum_v<Sql> && !std::is_same_v<Sql, Transaction>);
  return PrepareAt(kTransactionCount + static_cast<size_t>(sql));
}

}  // namespace mecha::components
