// SPDX-License-Identifier: Apache-2.0
// RedisStateStore: state.redis on one node, or on the master that sentinels name. An operation that
// may block runs on its caller's thread; single reads and writes that may not block share a channel
// (redis/redis_access.h). The store starts no thread and never resends.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "redis/redis_access.h"

namespace MECHA_COMPONENT {

class RedisStateStore : public StateStore {
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
  void Query(const CallContext& call, const QueryRequest& request, Done<QueryPage> done) override;

 private:
  RedisAccess access_;
};

}  // namespace MECHA_COMPONENT
