// SPDX-License-Identifier: Apache-2.0
#include "postgres_state_store.h"

#include <utility>

#include "contract/registry.h"
#include "contract/state_outcomes.h"
#include "postgres_pool.h"
#include "postgres_request.h"
#include "postgres_state_reader.h"
#include "postgres_state_writer.h"
#include "result/status.h"
#include "result/status_or.h"
#include "state_rows.h"
#include "table_migration.h"
#include "value_query.h"

namespace MECHA_COMPONENT {
namespace {

// The second channel is used when the first has so much to do: then one more of the server's
// processes is worth its while. Measured: docs/benchmarks.md, state_concurrent.
constexpr size_t kChannels = 2;
constexpr size_t kFullLoad = 24;

}  // namespace

Status PostgresStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  host_ = &host;
  ASSIGN_OR_RETURN(options_, ReadOptions(settings, layout_));
  pool_ = std::make_unique<PostgresPool>(host, options_);
  for (size_t i = 0; i < kChannels; ++i) {
    channels_.push_back(std::make_shared<PostgresChannel>(host, *pool_));
  }
  const Status status = Open(call);
  if (!status.ok()) {
    Close();
    return status;
  }
  for (const std::string& warning : options_.warnings) {
    host.Log(Severity::kWarning, MECHA_COMPONENT_TYPE, warning);
  }
  cleanup_.Start(*pool_, host, options_.cleanup_interval);
  return OkStatus();
}

Status PostgresStateStore::Open(const CallContext& call) {
  ASSIGN_OR_RETURN(const PostgresLease lease, pool_->Take(call));
  TableMigration migration(*lease, options_, *host_);
  RETURN_IF_ERROR(migration.Run(call));
  has_row_id_ = migration.has_row_id();
  return OkStatus();
}

CallContext PostgresStateStore::Bounded(const CallContext& call) const {
  CallContext bounded = call;
  if (call.deadline.is_never()) {
    bounded.deadline = Deadline::After(host_->clock().Now(), options_.timeout);
  }
  return bounded;
}

Status PostgresStateStore::Ping(const CallContext& call) {
  const CallContext bounded = Bounded(call);
  ASSIGN_OR_RETURN(const PostgresLease lease, pool_->Take(bounded));
  return lease->Run(bounded, Sql::kPing, {}).status();
}

void PostgresStateStore::Suspend(bool keep_connections) {
  cleanup_.Stop();
  if (!keep_connections && pool_ != nullptr) {
    CloseChannels(Status(StatusCode::kSuspended, "the runtime is suspended"));
    pool_->CloseIdle();
  }
}

Status PostgresStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  if (pool_ != nullptr) {
    pool_->ForgetFailures();
    for (const std::shared_ptr<PostgresChannel>& channel : channels_) {
      channel->ForgetFailures();
    }
    cleanup_.Start(*pool_, *host_, options_.cleanup_interval);
  }
  return OkStatus();
}

void PostgresStateStore::Close() {
  cleanup_.Stop();
  CloseChannels(Status(StatusCode::kClosed, "the runtime is shut down"));
  channels_.clear();
  pool_.reset();
  options_.Wipe();
  options_ = PostgresOptions();
}

void PostgresStateStore::CloseChannels(const Status& status) {
  for (const std::shared_ptr<PostgresChannel>& channel : channels_) {
    channel->Close(status);
  }
}

PostgresChannel* PostgresStateStore::ChannelForOne() const {
  const SteadyTime now = host_->clock().Now();
  PostgresChannel* best = nullptr;
  for (const std::shared_ptr<PostgresChannel>& channel : channels_) {
    if (channel->IsStuck(now)) {
      continue;
    }
    if (channel->load() < kFullLoad) {
      return channel.get();
    }
    if (best == nullptr || channel->load() < best->load()) {
      best = channel.get();
    }
  }
  return best;
}

// One node: its value is the latest, whatever consistency is asked for.
void PostgresStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                             Done<StateValue> done) {
  if (!call.may_block) {
    PostgresChannel* channel = ChannelForOne();
    Status status = channel == nullptr ? WouldBlock() : CheckKey(key);
    if (!status.ok()) {
      std::move(done)(std::move(status));
      return;
    }
    channel->Submit(std::make_unique<ReadRequest>(Bounded(call), key, std::move(done)));
    return;
  }
  std::move(done)(ReadOne(*pool_, Bounded(call), key));
}

void PostgresStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                                 const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ReadMany(*pool_, Bounded(call), keys));
}

void PostgresStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  if (!call.may_block) {
    const bool is_short = write.value.size() <= WriteRequest::kLongestValue;
    PostgresChannel* channel = is_short ? ChannelForOne() : nullptr;
    Status status = channel == nullptr ? WouldBlock() : CheckWrite(layout_, write);
    if (!status.ok()) {
      std::move(done)(std::move(status));
      return;
    }
    channel->Submit(std::make_unique<WriteRequest>(Bounded(call), write, std::move(done)));
    return;
  }
  std::move(done)(WriteOne(*pool_, Bounded(call), write));
}

void PostgresStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                   Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteEach(*pool_, Bounded(call), writes));
}

void PostgresStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                                  Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteAll(*pool_, Bounded(call), writes));
}

void PostgresStateStore::List(const CallContext& call, const ListRequest& request,
                              Done<ListPage> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ListKeys(*pool_, Bounded(call), request, has_row_id_));
}

void PostgresStateStore::Query(const CallContext& call, const QueryRequest& request,
                               Done<QueryPage> done) {
  if (layout_ != Layout::kV1) {
    std::move(done)(Unimplemented(
        "state.postgresql v2 stores values as bytes, in which nothing can be searched; v1 can"));
    return;
  }
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(FindValues(*pool_, Bounded(call), request));
}

extern const ComponentInfo kComponentInfo;  // v2
extern const ComponentInfo kComponentInfoV1;

MECHA_RUNS_AT_START void Register(Registry& registry) {
  registry.Add(kComponentInfo, MakeStateStore([]() -> std::unique_ptr<StateStore> {
                 return std::make_unique<PostgresStateStore>(Layout::kV2);
               }));
  registry.Add(kComponentInfoV1, MakeStateStore([]() -> std::unique_ptr<StateStore> {
                 return std::make_unique<PostgresStateStore>(Layout::kV1);
               }));
}

}  // namespace MECHA_COMPONENT
