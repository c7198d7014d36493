// SPDX-License-Identifier: Apache-2.0
// PostgresStateStore: state.postgresql, values in one table laid out as Dapr lays it out, v1 or v2.
// A call that may block does its round trip on its thread, over a session from the pool. One that
// may not goes over a channel, or answers WouldBlock.
//
// Costs: a get or a lone write is one prepared statement in one round trip, independent writes are
// one round trip for many, and so is a transaction. An etag is made by the server.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "expiry_cleanup.h"
#include "postgres_channel.h"
#include "postgres_options.h"
#include "postgres_pool.h"

namespace MECHA_COMPONENT {

class PostgresStateStore final : public StateStore {
 public:
  explicit PostgresStateStore(Layout layout) : layout_(layout) {}
  ~PostgresStateStore() override { Close(); }

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
  Status Open(const CallContext& call);
  // `call` with the default deadline where it has none.
  CallContext Bounded(const CallContext& call) const;
  // The channel for one more request; null when each has a long wait before it.
  PostgresChannel* ChannelForOne() const;
  void CloseChannels(const Status& status);

  const Layout layout_;
  Host* host_ = nullptr;
  PostgresOptions options_;
  bool has_row_id_ = false;
  std::unique_ptr<PostgresPool> pool_;
  std::vector<std::shared_ptr<PostgresChannel>> channels_;
  ExpiryCleanup cleanup_;
};

}  // namespace MECHA_COMPONENT
