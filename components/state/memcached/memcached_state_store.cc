// SPDX-License-Identifier: Apache-2.0
#include "memcached_state_store.h"

#include <utility>

#include "contract/registry.h"
#include "memcached_connection.h"
#include "memcached_reader.h"
#include "memcached_writer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

Status MemcachedStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  ASSIGN_OR_RETURN(options_, ReadOptions(settings));
  servers_ = std::make_unique<MemcachedServers>(host, options_);
  Status status = Ping(call);
  if (!status.ok()) {
    Close();
  }
  return status;
}

Status MemcachedStateStore::Ping(const CallContext& call) {
  for (size_t i = 0; i < servers_->count(); ++i) {
    ASSIGN_OR_RETURN(MemcachedLease lease, MemcachedLease::Take(servers_->pool(i), call));
    lease.connection().requests().Clear();
    lease.connection().requests().AddLine("mn");
    RETURN_IF_ERROR(lease.Send(call));
    ASSIGN_OR_RETURN(const MetaReply* reply, lease.connection().Receive(call));
    if (reply->code() != "MN") {
      return MarkApplied(lease.connection().ErrorOf(*reply), Applied::kNo);
    }
  }
  return OkStatus();
}

void MemcachedStateStore::Suspend(bool keep_connections) {
  for (size_t i = 0; servers_ != nullptr && !keep_connections && i < servers_->count(); ++i) {
    servers_->pool(i).CloseIdle();
  }
}

Status MemcachedStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  for (size_t i = 0; servers_ != nullptr && i < servers_->count(); ++i) {
    servers_->pool(i).ForgetFailures();
  }
  return OkStatus();
}

void MemcachedStateStore::Close() {
  servers_.reset();
  options_ = MemcachedOptions();
}

void MemcachedStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                              Done<StateValue> done) {
  // A key lives on one server: its value is the latest, whatever consistency is asked for.
  std::move(done)(ReadValue(*servers_, call, key));
}

void MemcachedStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                                  const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  std::move(done)(ReadValues(*servers_, call, keys));
}

void MemcachedStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  std::move(done)(WriteOne(*servers_, call, write));
}

void MemcachedStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                                    Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteEach(*servers_, call, writes));
}

// The block refuses both before they come here: component.yaml says that there are none.
void MemcachedStateStore::Transact(const CallContext&, std::span<const StateWrite>,
                                   Done<std::vector<WriteOutcome>> done) {
  std::move(done)(Unimplemented("memcached has no transactions"));
}

void MemcachedStateStore::List(const CallContext&, const ListRequest&, Done<ListPage> done) {
  std::move(done)(Unimplemented("memcached cannot list its keys"));
}

namespace {

std::unique_ptr<StateStore> MakeStore() { return std::make_unique<MemcachedStateStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, MakeStore); }

}  // namespace MECHA_COMPONENT
