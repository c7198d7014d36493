// SPDX-License-Identifier: Apache-2.0
#include "etcd_state_store.h"

#include <curl/curl.h>

#include <utility>

#include "contract/registry.h"
#include "etcd_reader.h"
#include "etcd_writer.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

Status EtcdStateStore::Init(const CallContext& call, const Settings& settings, Host& host) {
  Close();
  ASSIGN_OR_RETURN(options_, ReadOptions(settings));
  // Counted by the library, and safe from any thread. Never undone: others may use it, too.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return ResourceExhausted("libcurl could not be made ready");
  }
  servers_ = std::make_unique<EtcdServers>(host, options_);
  const Status status = Ping(call);
  if (!status.ok()) {
    Close();
    return status;
  }
  for (const std::string& warning : options_.warnings) {
    host.Log(Severity::kWarning, MECHA_COMPONENT_TYPE, warning);
  }
  return status;
}

Status EtcdStateStore::Ping(const CallContext& call) { return ReadNothing(*servers_, call); }

void EtcdStateStore::Suspend(bool keep_connections) {
  if (!keep_connections && servers_ != nullptr) {
    servers_->CloseIdle();
  }
}

Status EtcdStateStore::Resume(const CallContext&) {
  // Connections come back with the first operation that needs one.
  if (servers_ != nullptr) {
    servers_->ForgetFailures();
  }
  return OkStatus();
}

void EtcdStateStore::Close() {
  servers_.reset();
  options_.Wipe();
  options_ = EtcdOptions();
}

// etcd's reads see every write that was acknowledged before, whatever consistency is asked for.
void EtcdStateStore::Get(const CallContext& call, std::string_view key, const StateRead&,
                         Done<StateValue> done) {
  std::move(done)(ReadOne(*servers_, layout_, call, key));
}

void EtcdStateStore::GetMany(const CallContext& call, std::span<const std::string_view> keys,
                             const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  std::move(done)(ReadMany(*servers_, layout_, call, keys));
}

void EtcdStateStore::Write(const CallContext& call, const StateWrite& write, Done<Etag> done) {
  std::move(done)(WriteOne(*servers_, layout_, call, write));
}

void EtcdStateStore::WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                               Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteEach(*servers_, layout_, call, writes));
}

void EtcdStateStore::Transact(const CallContext& call, std::span<const StateWrite> writes,
                              Done<std::vector<WriteOutcome>> done) {
  std::move(done)(WriteAll(*servers_, layout_, call, writes));
}

void EtcdStateStore::List(const CallContext& call, const ListRequest& request,
                          Done<ListPage> done) {
  std::move(done)(ListKeys(*servers_, call, request));
}

extern const ComponentInfo kComponentInfo;  // v2
extern const ComponentInfo kComponentInfoV1;

MECHA_RUNS_AT_START void Register(Registry& registry) {
  registry.Add(kComponentInfo, MakeStateStore([]() -> std::unique_ptr<StateStore> {
                 return std::make_unique<EtcdStateStore>(Layout::kV2);
               }));
  registry.Add(kComponentInfoV1, MakeStateStore([]() -> std::unique_ptr<StateStore> {
                 return std::make_unique<EtcdStateStore>(Layout::kV1);
               }));
}

}  // namespace MECHA_COMPONENT
