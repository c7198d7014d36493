// SPDX-License-Identifier: Apache-2.0
// InMemoryStateStore: state.in-memory, a hash table in this process. It starts no thread, waits for
// nothing but its own short locks, and completes every operation inline.
//
// Costs: a get is one hash, one lock and a shared reference to the stored bytes; nothing is
// allocated or copied. A write of a new key also enters an ordered index (logarithmic). A list page
// holds every lock for as long as it takes to copy its keys.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "contract/state_store.h"
#include "entry_table.h"
#include "prepared_write.h"

namespace MECHA_COMPONENT {

class InMemoryStateStore : public StateStore {
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
  // Sixteen, so that four bits of the hash choose one. Two threads reading on two cores reached
  // 24 M gets a second with 16 shards, 8 to 21 M with one; a lone thread 21 M with either.
  static constexpr size_t kShards = 16;

  // One part of the keys under one lock. Locks of several shards are taken in ascending order.
  struct alignas(64) Shard {
    std::mutex mutex;
    EntryTable table;
  };
  using Shards = std::array<Shard, kShards>;
  using Locks = std::array<std::unique_lock<std::mutex>, kShards>;

  static size_t ShardOf(const HashedKey& key) { return key.hash >> (sizeof(size_t) * 8 - 4); }

  StatusOr<StateValue> Read(std::string_view key);
  WriteOutcome WriteOne(const StateWrite& write);
  WriteOutcome Apply(EntryTable& table, PreparedWrite& prepared);
  std::vector<WriteOutcome> TransactLocked(std::span<PreparedWrite> prepared);
  ListPage ListLocked(const ListRequest& request);

  // Made by Init, dropped by Close.
  std::unique_ptr<Shards> shards_;
  Host* host_ = nullptr;
  std::atomic<uint64_t> last_version_{0};
};

}  // namespace MECHA_COMPONENT
