// SPDX-License-Identifier: Apache-2.0
#include "mysql_state_store.h"

#include <string.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "contract/registry.h"
#include "contract/state_outcomes.h"
#include "mysql_connection.h"
#include "mysql_library.h"
#include "mysql_rows.h"
#include "mysql_tables.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

namespace {

using MysqlLease = ConnectionLease<MysqlConnection>;

constexpr size_t kKeysAtOnce = 500;

}  // namespace

MysqlStateStore::~MysqlStateStore() { Close(); }

Status MysqlStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  host_ = &host;
  ASSIGN_OR_RETURN(options_, ReadOptions(settings));
  RETURN_IF_ERROR(MakeLibraryReady());
  table_ = options_.schema + "." + options_.table;
  pool_ = std::make_unique<ConnectionPool>(
      host, options_,
      OpenOneOf(options_.address, [this](const CallContext& opening, const SocketAddress& address) {
        return OpenAt(opening, address);
      }));
  Status status;
  {
    auto lease = MysqlLease::Take(*pool_, call);
    status = lease.ok() ? MakeTables(lease->connection(), call, options_) : lease.status();
  }
  if (!status.ok()) {
    Close();
    return status;
  }
  for (const std::string& warning : options_.warnings) {
    host.Log(Severity::kWarning, MECHA_COMPONENT_TYPE, warning);
  }
  StartCleanUp();
  return status;
}

StatusOr<std::unique_ptr<ServerConnection>> MysqlStateStore::OpenAt(const CallContext& call,
                                                                    const SocketAddress& address) {
  auto connection = std::make_unique<MysqlConnection>(*host_, options_);
  RETURN_IF_ERROR(connection->Connect(call, address));
  RETURN_IF_ERROR(connection->LogIn(call));
  return connection;
}

void MysqlStateStore::StartCleanUp() {
  cleanup_.Start(
      *host_, options_.cleanup_interval,
      {MECHA_COMPONENT_TYPE, "expired rows were not deleted, the next try is in a while"},
      [this](const CallContext& call) { return CleanUp(call); });
}

// Programs that share the table agree through its `last-cleanup` entry, as Dapr's do.
Status MysqlStateStore::CleanUp(const CallContext& call) {
  const std::string metadata = options_.schema + "." + options_.metadata_table;
  // Timers are not exact; a clean-up that is a little early counts.
  const auto least = std::chrono::duration_cast<std::chrono::microseconds>(
      options_.cleanup_interval - std::chrono::milliseconds(100));
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  RETURN_IF_ERROR(lease.connection()
                      .Query(call, "INSERT INTO " + metadata +
                                       " (id, value) VALUES ('last-cleanup', CURRENT_TIMESTAMP) ON "
                                       "DUPLICATE KEY UPDATE value = IF(CURRENT_TIMESTAMP > "
                                       "DATE_ADD(value, INTERVAL " +
                                       std::to_string(least.count()) +
                                       " MICROSECOND), CURRENT_TIMESTAMP, value)")
                      .status());
  if (lease.connection().affected_rows() == 0) {
    return OkStatus();
  }
  return lease.connection()
      .Query(call, "DELETE FROM " + table_ +
                       " WHERE expiredate IS NOT NULL AND expiredate <= CURRENT_TIMESTAMP")
      .status();
}

Status MysqlStateStore::Ping(const CallContext& call) {
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  return MarkApplied(lease.connection().Query(call, "SELECT 1").status(), Applied::kNo);
}

void MysqlStateStore::Suspend(bool keep_connections) {
  cleanup_.Stop();
  if (!keep_connections && pool_ != nullptr) {
    pool_->CloseIdle();
  }
}

Status MysqlStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  if (pool_ != nullptr) {
    pool_->ForgetFailures();
    StartCleanUp();
  }
  return OkStatus();
}

void MysqlStateStore::Close() {
  cleanup_.Stop();
  pool_.reset();
  explicit_bzero(options_.password.data(), options_.password.size());
  options_ = MysqlOptions();
}

StatusOr<StateValue> MysqlStateStore::ReadOne(const CallContext& call, std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  return ReadRow(lease.connection(), call, table_, key);
}

StatusOr<MysqlStateStore::Values> MysqlStateStore::ReadMany(
    const CallContext& call, std::span<const std::string_view> keys) {
  Values outcomes(keys.size());
  if (keys.empty()) {
    return outcomes;
  }
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  for (size_t start = 0; start < keys.size(); start += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, keys.size() - start);
    const Status status = ReadRows(lease.connection(), call, table_, keys.subspan(start, count),
                                   std::span(outcomes).subspan(start, count));
    if (!status.ok() && start == 0) {
      return status;
    }
    if (!status.ok()) {
      std::fill(outcomes.begin() + static_cast<std::ptrdiff_t>(start), outcomes.end(),
                StatusOr<StateValue>(status));
      break;
    }
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (Status status = CheckKey(keys[i]); !status.ok()) {
      outcomes[i] = std::move(status);
    }
  }
  return outcomes;
}

WriteOutcome MysqlStateStore::WriteOne(const CallContext& call, const StateWrite& write) {
  RETURN_IF_ERROR(CheckWrite(write, host_->clock().WallNow()));
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  return WriteRow(lease.connection(), call, table_, write, *host_);
}

StatusOr<MysqlStateStore::Outcomes> MysqlStateStore::WriteEach(const CallContext& call,
                                                               std::span<const StateWrite> writes) {
  Outcomes outcomes;
  outcomes.reserve(writes.size());
  for (const StateWrite& write : writes) {
    outcomes.push_back(WriteOne(call, write));
  }
  return outcomes;
}

StatusOr<MysqlStateStore::Outcomes> MysqlStateStore::WriteAll(const CallContext& call,
                                                              std::span<const StateWrite> writes) {
  for (size_t i = 0; i < writes.size(); ++i) {
    Status status = CheckWrite(writes[i], host_->clock().WallNow());
    if (!status.ok()) {
      return RefusedBy(i, std::move(status), writes.size());
    }
  }
  if (writes.empty()) {
    return Outcomes();
  }
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  MysqlConnection& connection = lease.connection();
  // Until the commit nothing is applied: a connection that is given up takes its writes with it.
  connection.set_in_transaction(true);
  const Status begun = connection.Query(call, "START TRANSACTION").status();
  if (!begun.ok()) {
    return MarkApplied(begun, Applied::kNo);
  }
  Outcomes outcomes;
  for (const StateWrite& write : writes) {
    WriteOutcome outcome = WriteRow(connection, call, table_, write, *host_);
    if (!outcome.ok()) {
      const bool is_of_write = outcome.status().code() == StatusCode::kAborted ||
                               outcome.status().code() == StatusCode::kOutOfRange ||
                               outcome.status().code() == StatusCode::kInvalidArgument;
      const Status cause = MarkApplied(outcome.status(), Applied::kNo);
      const bool is_back = connection.takes_statements() && connection.Query(call, "ROLLBACK").ok();
      connection.set_in_transaction(!is_back);
      if (!is_of_write) {
        return cause;
      }
      return RefusedBy(outcomes.size(), cause, writes.size());
    }
    outcomes.push_back(std::move(outcome));
  }
  RETURN_IF_ERROR(connection.Query(call, "COMMIT").status());
  connection.set_in_transaction(false);
  return outcomes;
}

StatusOr<ListPage> MysqlStateStore::ListKeys(const CallContext& call, const ListRequest& request) {
  ASSIGN_OR_RETURN(MysqlLease lease, MysqlLease::Take(*pool_, call));
  return ReadKeys(lease.connection(), call, table_, request);
}

void MysqlStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                          Done<StateValue> done) {
  std::move(done)(ReadOne(call, key));
}

void MysqlStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                              const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  std::move(done)(ReadMany(call, keys));
}

void MysqlStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  std::move(done)(WriteOne(call, write));
}

void MysqlStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteEach(call, writes));
}

void MysqlStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                               Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteAll(call, writes));
}

void MysqlStateStore::List(const CallContext& call, const ListRequest& request,
                           Done<ListPage> done) {
  std::move(done)(ListKeys(call, request));
}

namespace {

std::unique_ptr<StateStore> MakeStore() { return std::make_unique<MysqlStateStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, MakeStore); }

}  // namespace MECHA_COMPONENT
