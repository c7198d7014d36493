// SPDX-License-Identifier: Apache-2.0
#include "redis_state_store.h"

#include <string.h>

#include <utility>

#include "contract/registry.h"
#include "redis_lease.h"
#include "redis_lister.h"
#include "redis_state_reader.h"
#include "redis_state_writer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

RedisStateStore::~RedisStateStore() { Close(); }

Status RedisStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  ASSIGN_OR_RETURN(options_, ReadOptions(settings));
  pool_ = std::make_unique<ConnectionPool>(
      host, options_, [this, &host] { return std::make_unique<RedisConnection>(host, options_); });
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
  if (!keep_connections && pool_ != nullptr) {
    pool_->CloseIdle();
  }
}

Status RedisStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  if (pool_ != nullptr) {
    pool_->ForgetFailures();
  }
  return OkStatus();
}

void RedisStateStore::Close() {
  pool_.reset();
  explicit_bzero(options_.password.data(), options_.password.size());
  options_ = RedisOptions();
}

void RedisStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                          Done<StateValue> done) {
  // One node: its value is the latest, whatever consistency is asked for.
  std::move(done)(ReadValue(*pool_, call, key));
}

void RedisStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                              const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  std::move(done)(ReadValues(*pool_, call, keys));
}

void RedisStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  std::move(done)(WriteOne(*pool_, call, write));
}

void RedisStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteEach(*pool_, call, writes));
}

void RedisStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                               Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteAll(*pool_, call, writes));
}

void RedisStateStore::List(const CallContext& call, const ListRequest& request,
                           Done<ListPage> done) {
  std::move(done)(ListKeys(*pool_, call, request));
}

namespace {

std::unique_ptr<StateStore> MakeStore() { return std::make_unique<RedisStateStore>(); }

}  // namespace

void Register(Registry& registry) { registry.Add(kComponentInfo, MakeStore); }

}  // namespace MECHA_COMPONENT
