// SPDX-License-Identifier: Apache-2.0
// MysqlStateStore: state.mysql. Each operation runs on its caller's thread, over a connection of
// its own for as long as it lasts; the store never resends. Its only job of its own is the clean-up
// of expired rows, on a pool thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/state_store.h"
#include "mysql_options.h"
#include "repetition/repeated_job.h"

namespace MECHA_COMPONENT {

class MysqlStateStore : public StateStore {
 public:
  ~MysqlStateStore() override;

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
  using Values = std::vector<StatusOr<StateValue>>;
  using Outcomes = std::vector<WriteOutcome>;

  StatusOr<std::unique_ptr<ServerConnection>> OpenAt(const CallContext& call,
                                                     const SocketAddress& address);
  StatusOr<StateValue> ReadOne(const CallContext& call, std::string_view key);
  StatusOr<Values> ReadMany(const CallContext& call, std::span<const std::string_view> keys);
  WriteOutcome WriteOne(const CallContext& call, const StateWrite& write);
  StatusOr<Outcomes> WriteEach(const CallContext& call, std::span<const StateWrite> writes);
  StatusOr<Outcomes> WriteAll(const CallContext& call, std::span<const StateWrite> writes);
  StatusOr<ListPage> ListKeys(const CallContext& call, const ListRequest& request);
  Status CleanUp(const CallContext& call);
  void StartCleanUp();

  Host* host_ = nullptr;
  MysqlOptions options_;
  std::string table_;  // "schema.table"
  std::unique_ptr<ConnectionPool> pool_;
  RepeatedJob cleanup_;
};

}  // namespace MECHA_COMPONENT
