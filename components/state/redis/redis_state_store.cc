// SPDX-License-Identifier: Apache-2.0
#include "redis_state_store.h"

#include <utility>

#include "connection/tls_fields.h"
#include "contract/registry.h"
#include "contract/state_outcomes.h"
#include "redis/redis_lease.h"
#include "redis_lister.h"
#include "redis_state_reader.h"
#include "redis_state_request.h"
#include "redis_state_writer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

namespace {

// So many callers at once have a connection each; a crowd shares lines, which costs each of them
// more but all of them much less. Measured: docs/benchmarks.md, state_concurrent.
constexpr size_t kOwnConnections = 16;

// One blocking caller inside, for as long as it lives.
class Caller {
 public:
  explicit Caller(std::atomic<size_t>& callers)
      : callers_(callers), before_(callers.fetch_add(1)) {}
  ~Caller() { callers_.fetch_sub(1); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  bool is_in_crowd() const { return before_ >= kOwnConnections; }

 private:
  std::atomic<size_t>& callers_;
  const size_t before_;
};

}  // namespace

RedisStateStore::~RedisStateStore() { Close(); }

Status RedisStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  ASSIGN_OR_RETURN(options_, ReadRedisOptions(settings));
  if (settings.Boolean("enableTLS")) {
    RETURN_IF_ERROR(ReadTls(settings, host, &options_));
  }
  if (!options_.sentinels.empty()) {
    sentinels_ = std::make_shared<RedisSentinels>(host, options_);
    options_.finder = sentinels_;
  }
  pool_ = std::make_unique<ConnectionPool>(
      host, options_, [this, &host] { return std::make_unique<RedisConnection>(host, options_); });
  channel_ = std::make_shared<RedisChannel>(host, options_);
  for (std::unique_ptr<RedisLine>& line : lines_) {
    line = std::make_unique<RedisLine>(host, options_);
  }
  Status status = Ping(call);
  if (!status.ok()) {
    Close();
  }
  return status;
}

Status RedisStateStore::Ping(const CallContext& call) {
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(*pool_, call));
  lease.commands().AddCommand({"PING"});
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
  return reply->is_error() ? lease.ErrorOf(*reply) : OkStatus();
}

void RedisStateStore::Suspend(bool keep_connections) {
  if (sentinels_ != nullptr) {
    sentinels_->Stop();
  }
  if (!keep_connections && pool_ != nullptr) {
    pool_->CloseIdle();
    channel_->Close(Status(StatusCode::kSuspended, "the runtime is suspended"));
    for (const std::unique_ptr<RedisLine>& line : lines_) {
      line->Close();
    }
  }
}

Status RedisStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  if (sentinels_ != nullptr) {
    sentinels_->ForgetFailures();
  }
  if (pool_ != nullptr) {
    pool_->ForgetFailures();
    channel_->ForgetFailures();
    for (const std::unique_ptr<RedisLine>& line : lines_) {
      line->ForgetFailures();
    }
  }
  return OkStatus();
}

void RedisStateStore::Close() {
  if (channel_ != nullptr) {
    channel_->Close(Status(StatusCode::kClosed, "the runtime is shut down"));
    channel_.reset();
  }
  lines_ = {};
  pool_.reset();
  if (sentinels_ != nullptr) {
    sentinels_->Stop();
    sentinels_.reset();
  }
  options_.Wipe();
  options_ = RedisOptions();
}

// One node, or the master as far as is known: its value is the latest, whatever consistency is
// asked for.
void RedisStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                          Done<StateValue> done) {
  if (!call.may_block) {
    channel_->Submit(std::make_unique<ReadRequest>(call, key, std::move(done)));
    return;
  }
  const Caller caller(callers_);
  if (caller.is_in_crowd()) {
    ReadRequest request(call, key, std::move(done));
    NextLine().Run(request);
    request.Complete();
  } else {
    std::move(done)(ReadValue(*pool_, call, key));
  }
}

RedisLine& RedisStateStore::NextLine() {
  return *lines_[next_line_.fetch_add(1, std::memory_order_relaxed) % lines_.size()];
}

void RedisStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                              const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ReadValues(*pool_, call, keys));
}

void RedisStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  const bool may_share = WriteRequest::Fits(write);
  if (!call.may_block) {
    if (may_share) {
      channel_->Submit(std::make_unique<WriteRequest>(call, write, std::move(done)));
    } else {
      std::move(done)(WouldBlock());
    }
    return;
  }
  const Caller caller(callers_);
  if (may_share && caller.is_in_crowd()) {
    WriteRequest request(call, write, std::move(done));
    NextLine().Run(request);
    request.Complete();
  } else {
    std::move(done)(WriteOne(*pool_, call, write));
  }
}

void RedisStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteEach(*pool_, call, writes));
}

void RedisStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                               Done<std::vector<WriteOutcome>> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(WriteAll(*pool_, call, writes));
}

void RedisStateStore::List(const CallContext& call, const ListRequest& request,
                           Done<ListPage> done) {
  if (Declines(call, done)) {
    return;
  }
  std::move(done)(ListKeys(*pool_, call, request));
}

void RedisStateStore::Query(const CallContext&, const QueryRequest&, Done<QueryPage> done) {
  std::move(done)(Unimplemented(
      "searching in the values of Redis needs the module RediSearch, which this library does not "
      "use; list the keys, or use state.postgresql v1"));
}

namespace {

std::unique_ptr<StateStore> MakeStore() { return std::make_unique<RedisStateStore>(); }

}  // namespace

void Register(Registry& registry) { registry.Add(kComponentInfo, MakeStore); }

}  // namespace MECHA_COMPONENT
