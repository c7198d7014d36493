// SPDX-License-Identifier: Apache-2.0
// SqliteStateStore: state.sqlite, values in one SQLite file laid out as Dapr lays it out. It starts
// no thread: blocking callers do the work on their own thread, the rest runs on the host's pool.
//
// Costs: a get is one prepared statement on a connection of its own, and one allocation for the
// value. A lone write is one statement that commits; writers that wait for each other share one
// transaction (commit_group.h). Reads see every write that has returned, whoever made it.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contract/registry.h"
#include "contract/state_store.h"
#include "expiry_cleanup.h"
#include "schema.h"
#include "sqlite/commit_group.h"
#include "sqlite/database.h"
#include "state_rows.h"
#include "unit_runner.h"

namespace MECHA_COMPONENT {

class SqliteStateStore : public StateStore {
 public:
  ~SqliteStateStore() override { Close(); }

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

  StatusOr<StateValue> ReadOne(const CallContext& call, std::string_view key);
  StatusOr<Values> ReadMany(const CallContext& call, std::span<const std::string_view> keys);
  StatusOr<ListPage> ListKeys(const CallContext& call, const ListRequest& request);
  Status CheckWrite(const CallContext& call) const;
  void WriteAll(const CallContext& call, std::span<const StateWrite> writes, bool is_atomic,
                Done<Outcomes> done);
  // Answers from this thread where it may block, else from a pool thread.
  template <class T, class Read>
  void Answer(const CallContext& call, Read read, Done<T> done);

  Host* host_ = nullptr;
  Duration cleanup_interval_{};  // zero or less: expired rows stay, hidden
  std::unique_ptr<Schema> schema_;
  std::unique_ptr<Database> database_;
  EtagSource etags_;  // of whoever leads the writers
  std::unique_ptr<CommitGroup> group_;
  ExpiryCleanup cleanup_;
};

}  // namespace MECHA_COMPONENT
