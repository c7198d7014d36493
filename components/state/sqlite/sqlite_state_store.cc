// SPDX-License-Identifier: Apache-2.0
#include "sqlite_state_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "contract/component_info.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/open_files.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::string_view kType = MECHA_COMPONENT_TYPE;

Duration TimeOf(const Settings& settings, std::string_view name, std::string_view older_name) {
  return settings.Time(settings.Has(older_name) ? older_name : name);
}

StatusOr<std::string> TableName(const Settings& settings, std::string_view field) {
  std::string name(settings.Text(field));
  if (!IsIdentifier(name)) {
    return InvalidArgument(std::string(field) + ": \"" + name +
                           "\" is no table name; use ASCII letters, digits and _");
  }
  return name;
}

StatusOr<std::unique_ptr<Schema>> ReadSchema(const Settings& settings) {
  ASSIGN_OR_RETURN(const std::string table, TableName(settings, "tableName"));
  ASSIGN_OR_RETURN(const std::string metadata_table, TableName(settings, "metadataTableName"));
  if (table == metadata_table) {
    return InvalidArgument("tableName and metadataTableName are both \"" + table +
                           "\"; they name two tables");
  }
  return std::make_unique<Schema>(table, metadata_table);
}

StatusOr<DatabaseSettings> ReadSettings(const Settings& settings) {
  DatabaseSettings read;
  read.component = kType;
  ASSIGN_OR_RETURN(read.location, ParseConnectionString(settings.Text("connectionString")));
  read.timeout = TimeOf(settings, "timeout", "timeoutInSeconds");
  if (read.timeout < std::chrono::seconds(1)) {
    return InvalidArgument("timeout: it must be at least 1s");
  }
  read.busy_timeout = std::min(settings.Time("busyTimeout"), read.timeout);
  read.uses_wal = !settings.Boolean("disableWAL");
  read.synchronous = read.location.synchronous.empty() ? std::string(settings.Text("synchronous"))
                                                       : read.location.synchronous;
  return read;
}

// One write that may not block.
struct DeferredOne final : DeferredWrite {
  DeferredOne(const CallContext& context, const StateWrite& one, EtagSource& etags,
              Done<Etag> when_done)
      : DeferredWrite(context, unit), write(one), unit(etags), done(std::move(when_done)) {
    unit.writes = {&write, 1};
    unit.outcomes = {&outcome, 1};
  }
  void Complete() override {
    std::move(done)(unit.status.ok() ? std::move(outcome) : WriteOutcome(unit.status));
  }

  StateWrite write;
  WriteOutcome outcome;
  WriteUnit unit;
  Done<Etag> done;
};

struct DeferredMany final : DeferredWrite {
  DeferredMany(const CallContext& context, std::span<const StateWrite> many, EtagSource& etags,
               Done<std::vector<WriteOutcome>> when_done)
      : DeferredWrite(context, unit),
        outcomes(many.size()),
        unit(etags),
        done(std::move(when_done)) {
    unit.writes = many;
    unit.outcomes = outcomes;
  }
  void Complete() override {
    if (unit.status.ok()) {
      std::move(done)(std::move(outcomes));
    } else {
      std::move(done)(unit.status);
    }
  }

  std::vector<WriteOutcome> outcomes;
  WriteUnit unit;
  Done<std::vector<WriteOutcome>> done;
};

}  // namespace

Status SqliteStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  host_ = &host;
  ASSIGN_OR_RETURN(DatabaseSettings read, ReadSettings(settings));
  ASSIGN_OR_RETURN(schema_, ReadSchema(settings));
  cleanup_interval_ = TimeOf(settings, "cleanupInterval", "cleanupIntervalInSeconds");
  WarnOfSecondSqliteLibrary(host, kType);
  for (const std::string& warning : read.location.warnings) {
    host.Log(Severity::kWarning, kType, warning);
  }
  database_ = std::make_unique<Database>(std::move(read), *schema_, host);
  group_ = std::make_unique<CommitGroup>(*database_, host);
  return Resume(call);
}

Status SqliteStateStore::Ping(const CallContext& call) {
  const Status status = ReadOne(call, "").status();
  return IsNotFound(status) ? OkStatus() : status;
}

void SqliteStateStore::Suspend(bool keep_connections) {
  cleanup_.Stop();
  etags_.Clear();  // a copy of this process must not make the same
  if (!keep_connections && !database_->settings().location.is_in_memory) {
    database_->Close();
  }
}

Status SqliteStateStore::Resume(const CallContext& call) {
  RETURN_IF_ERROR(database_->Open(call));
  if (database_->CheckWritable().ok()) {
    cleanup_.Start(*group_, *host_, cleanup_interval_);
  }
  return OkStatus();
}

void SqliteStateStore::Close() {
  cleanup_.Stop();
  if (database_ != nullptr) {
    database_->Close();
  }
}

template <class T, class Read>
void SqliteStateStore::Answer(const CallContext& call, Read read, Done<T> done) {
  if (call.may_block) {
    std::move(done)(read(call));
    return;
  }
  struct Task {
    const CallContext& call;
    Read read;
    Done<T> done;
  };
  std::unique_ptr<Task> task(new Task{call, std::move(read), std::move(done)});
  host_->PostBlocking([task = std::move(task)] {
    CallContext blocking = task->call;
    blocking.may_block = true;
    blocking.interrupt = {};
    StatusOr<T> result = task->read(blocking);
    std::move(task->done)(std::move(result));
  });
}

void SqliteStateStore::Get(const CallContext& call, std::string_view key, const StateRead& /*read*/,
                           Done<StateValue> done) {
  Answer<StateValue>(
      call, [this, key](const CallContext& context) { return ReadOne(context, key); },
      std::move(done));
}

StatusOr<StateValue> SqliteStateStore::ReadOne(const CallContext& call, std::string_view key) {
  RETURN_IF_ERROR(database_->CheckCall(call));
  ASSIGN_OR_RETURN(Lease reader, database_->AcquireReader(call));
  return ReadRow(*reader, key);
}

void SqliteStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                               const StateRead& /*read*/, Done<Values> done) {
  Answer<Values>(
      call, [this, keys](const CallContext& context) { return ReadMany(context, keys); },
      std::move(done));
}

// Point look-ups in one read transaction: they all see the same moment.
StatusOr<SqliteStateStore::Values> SqliteStateStore::ReadMany(
    const CallContext& call, std::span<const std::string_view> keys) {
  RETURN_IF_ERROR(database_->CheckCall(call));
  ASSIGN_OR_RETURN(Lease reader, database_->AcquireReader(call));
  RETURN_IF_ERROR(reader->Run(Transaction::kBegin));
  Values values;
  values.reserve(keys.size());
  Status stopped;
  for (const std::string_view key : keys) {
    if (stopped.ok() && values.size() % 64 == 63) {
      stopped = database_->CheckCall(call);
    }
    values.push_back(stopped.ok() ? ReadRow(*reader, key) : stopped);
    const Status& status = values.back().status();
    if (!status.ok() && !IsNotFound(status) && !IsDataLoss(status)) {
      stopped = status;
    }
    if (!stopped.ok() && values.size() == 1) {
      break;
    }
  }
  reader->RollBack();
  if (!stopped.ok() && values.size() == 1) {
    return stopped;
  }
  return values;
}

void SqliteStateStore::List(const CallContext& call, const ListRequest& request,
                            Done<ListPage> done) {
  Answer<ListPage>(
      call, [this, request](const CallContext& context) { return ListKeys(context, request); },
      std::move(done));
}

StatusOr<ListPage> SqliteStateStore::ListKeys(const CallContext& call, const ListRequest& request) {
  RETURN_IF_ERROR(database_->CheckCall(call));
  ASSIGN_OR_RETURN(Lease reader, database_->AcquireReader(call));
  return ReadKeys(*reader, request);
}

Status SqliteStateStore::CheckWrite(const CallContext& call) const {
  RETURN_IF_ERROR(database_->CheckCall(call));
  return database_->CheckWritable();
}

void SqliteStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  const Status allowed = CheckWrite(call);
  if (!allowed.ok()) {
    std::move(done)(allowed);
    return;
  }
  if (!call.may_block) {
    group_->Defer(std::make_unique<DeferredOne>(call, write, etags_, std::move(done)));
    return;
  }
  WriteOutcome outcome;
  WriteUnit unit(etags_);
  unit.writes = {&write, 1};
  unit.outcomes = {&outcome, 1};
  group_->Commit(call, unit);
  std::move(done)(unit.status.ok() ? std::move(outcome) : WriteOutcome(unit.status));
}

void SqliteStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                 Done<Outcomes> done) {
  WriteAll(call, writes, false, std::move(done));
}

void SqliteStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                                Done<Outcomes> done) {
  WriteAll(call, writes, true, std::move(done));
}

void SqliteStateStore::WriteAll(const CallContext& call, std::span<const StateWrite> writes,
                                bool is_atomic, Done<Outcomes> done) {
  const Status allowed = CheckWrite(call);
  if (!allowed.ok() || writes.empty()) {
    std::move(done)(allowed.ok() ? StatusOr<Outcomes>(Outcomes()) : allowed);
    return;
  }
  auto deferred = std::make_unique<DeferredMany>(call, writes, etags_, std::move(done));
  deferred->unit.is_atomic = is_atomic;
  if (!call.may_block) {
    group_->Defer(std::move(deferred));
    return;
  }
  group_->Commit(call, deferred->unit);
  deferred->Complete();
}

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<StateStore> Make() { return std::make_unique<SqliteStateStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
