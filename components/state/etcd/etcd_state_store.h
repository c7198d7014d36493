// SPDX-License-Identifier: Apache-2.0
// EtcdStateStore: state.etcd, values in an etcd cluster as Dapr's v1 or v2 lays them out. It holds
// a few connections and no thread: each call does its round trips on the thread it comes on, which
// therefore must be one that may block.
//
// Costs: a get, a write, a page of keys and a transaction are one round trip; a time to live is one
// more. An etag is the revision of the key's last change.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "etcd_options.h"
#include "etcd_servers.h"

namespace MECHA_COMPONENT {

class EtcdStateStore final : public StateStore {
 public:
  explicit EtcdStateStore(Layout layout) : layout_(layout) {}
  ~EtcdStateStore() override { Close(); }

  Status Init(const CallContext& call, const Settings& settings, Host& host) override;
  Status Ping(const CallContext& call) override;
  void Suspend(bool keep_connections) override;
  Status Resume(const CallContext& call) override;
  void Close() override;

  void Get(const CallContext& call, std::string_view key, const StateRead& read,
           Done<StateValue> done) override;
  void GetMany(const CallContext& call, std::span<const std::string_view> keys,
               const StateRead& read, Done<std::vector<StatusOr<StateValue>>> done) override;
  void Write(const CallContext& call, const StateWrite& write, Done<Etag> done) override;
  void WriteMany(const CallContext& call, std::span<const StateWrite> writes,
                 Done<std::vector<WriteOutcome>> done) override;
  void Transact(const CallContext& call, std::span<const StateWrite> writes,
                Done<std::vector<WriteOutcome>> done) override;
  void List(const CallContext& call, const ListRequest& request, Done<ListPage> done) override;

 private:
  const Layout layout_;
  EtcdOptions options_;
  std::unique_ptr<EtcdServers> servers_;
};

}  // namespace MECHA_COMPONENT
