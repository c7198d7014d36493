// SPDX-License-Identifier: Apache-2.0
// MemcachedStateStore: state.memcached. Each operation runs on its caller's thread, over a
// connection of its own for as long as it lasts; the store starts no thread and never resends.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "memcached_options.h"
#include "memcached_servers.h"

namespace MECHA_COMPONENT {

class MemcachedStateStore : public StateStore {
 public:
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
  MemcachedOptions options_;
  std::unique_ptr<MemcachedServers> servers_;
};

}  // namespace MECHA_COMPONENT
