// SPDX-License-Identifier: Apache-2.0
// Database: the connections to one file: a few for readers, opened on demand and reused, and one
// for whoever writes. In memory there is one for both. It decides who uses which connection, not
// what is done with it. Acquire is safe from any thread; Open and Close run while nothing is
// acquired.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/database_settings.h"
#include "sqlite/open_files.h"
#include "sqlite/sqlite_connection.h"

namespace mecha::components {

class Database;

// A connection on loan, for the call it was acquired for. Give it back before `done` runs.
class Lease {
 public:
  Lease(Database& database, Connection& connection, bool is_pooled)
      : database_(&database), connection_(&connection), is_pooled_(is_pooled) {}
  Lease(Lease&& other) noexcept
      : database_(other.database_),
        connection_(std::exchange(other.connection_, nullptr)),
        is_pooled_(other.is_pooled_) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  Connection& operator*() const { return *connection_; }
  Connection* operator->() const { return connection_; }

 private:
  Database* database_;
  Connection* connection_;
  bool is_pooled_;
};

class Database {
 public:
  // `layout` and `host` outlive it.
  Database(DatabaseSettings settings, const Layout& layout, Host& host);
  ~Database();

  // Opens the file, creates the tables; falls back to reading where nothing may be written.
  Status Open(const CallContext& call);
  void Close();
  bool is_open() const { return writer_ != nullptr || !readers_.empty(); }

  // Waits in Host::Park when all readers are in use; only where call.may_block.
  StatusOr<Lease> AcquireReader(const CallContext& call);
  // For the one thread that leads the writers.
  StatusOr<Lease> AcquireWriter(const CallContext& call);

  // FAILED_PRECONDITION where the file or its folder is read-only.
  Status CheckWritable() const;
  // `call` with the default deadline where it has none.
  CallContext Bounded(const CallContext& call) const;
  // Why `call` must not begin anything any more; OK when it may.
  Status CheckCall(const CallContext& call) const;
  // Whether a commit waits for the disk.
  bool waits_for_disk() const;
  const DatabaseSettings& settings() const { return settings_; }

 private:
  friend class Lease;

  static constexpr size_t kMostReaders = 8;

  // A caller for whom no reader was left.
  struct Waiting {
    Waiter* waiter;
    Connection* given = nullptr;
    bool may_try_again = false;
  };

  StatusOr<std::unique_ptr<Connection>> OpenFirst(const CallContext& call);
  Status Prepare(Connection& connection);
  StatusOr<Lease> OpenReader(const CallContext& call);
  StatusOr<Lease> AwaitReader(const CallContext& call, std::unique_lock<std::mutex> lock);
  void Release(Connection& connection);

  const DatabaseSettings settings_;
  const Layout& layout_;
  Host& host_;
  OpenFile open_file_;
  OpenAs open_as_ = OpenAs::kConfigured;
  bool is_read_only_ = false;
  std::unique_ptr<Connection> writer_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> readers_;  // all that are open
  std::vector<Connection*> idle_;                     // last used last
  std::deque<Waiting*> waiting_;
  size_t reader_count_ = 0;  // open or being opened
};

}  // namespace mecha::components
