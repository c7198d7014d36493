// SPDX-License-Identifier: Apache-2.0
#include "in_memory_state_store.h"

#include <limits>
#include <utility>

#include "contract/registry.h"
#include "ordered_page.h"

namespace MECHA_COMPONENT {
namespace {

// How many expired values a write drops: more than it can add, so that they never pile up.
constexpr int kPurgedPerWrite = 2;

}  // namespace

Status InMemoryStateStore::Init(const CallContext&, const Settings&, Host& host) {
  host_ = &host;
  shards_ = std::make_unique<Shards>();
  return OkStatus();
}

Status InMemoryStateStore::Ping(const CallContext&) { return OkStatus(); }

void InMemoryStateStore::Suspend(bool) {}

Status InMemoryStateStore::Resume(const CallContext&) { return OkStatus(); }

void InMemoryStateStore::Close() { shards_.reset(); }

void InMemoryStateStore::Get(const CallContext&, std::string_view key, const StateRead&,
                             Done<StateValue> done) {
  std::move(done)(Read(key));
}

void InMemoryStateStore::GetMany(const CallContext&, std::span<const std::string_view> keys,
                                 const StateRead&, Done<std::vector<StatusOr<StateValue>>> done) {
  std::vector<StatusOr<StateValue>> values;
  values.reserve(keys.size());
  for (const std::string_view key : keys) {
    values.push_back(Read(key));
  }
  std::move(done)(std::move(values));
}

StatusOr<StateValue> InMemoryStateStore::Read(std::string_view key) {
  const HashedKey hashed(key);
  Shard& shard = (*shards_)[ShardOf(hashed)];
  StateValue value;
  uint64_t version = 0;
  {
    const std::lock_guard lock(shard.mutex);
    const Entry* entry = shard.table.FindLive(hashed, host_->clock());
    if (entry == nullptr) {
      return NotFound();
    }
    value.data = entry->value;
    value.kind = entry->kind;
    version = entry->version;
    if (entry->expiry.has_value()) {
      value.expires = entry->expiry->wall;
    }
  }
  value.etag = EtagOf(version);
  return value;
}

void InMemoryStateStore::Write(const CallContext&, const StateWrite& write, Done<Etag> done) {
  std::move(done)(WriteOne(write));
}

void InMemoryStateStore::WriteMany(const CallContext&, std::span<const StateWrite> writes,
                                   Done<std::vector<WriteOutcome>> done) {
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(writes.size());
  for (const StateWrite& write : writes) {
    outcomes.push_back(WriteOne(write));
  }
  std::move(done)(std::move(outcomes));
}

WriteOutcome InMemoryStateStore::WriteOne(const StateWrite& write) {
  PreparedWrite prepared(write, host_->clock());
  Shard& shard = (*shards_)[ShardOf(prepared.key)];
  const std::lock_guard lock(shard.mutex);
  RETURN_IF_ERROR(prepared.Check(shard.table, host_->clock()));
  return Apply(shard.table, prepared);
}

// The value that was replaced moves into `prepared`, to be freed after the lock.
WriteOutcome InMemoryStateStore::Apply(EntryTable& table, PreparedWrite& prepared) {
  table.Purge(host_->clock(), kPurgedPerWrite);
  if (prepared.write->kind == StateWrite::Kind::kDelete) {
    prepared.entry.value = table.Remove(prepared.key);
    return Etag();
  }
  const uint64_t version = last_version_.fetch_add(1, std::memory_order_relaxed) + 1;
  prepared.entry.version = version;
  prepared.entry.value = table.Put(prepared.key, std::move(prepared.entry));
  return EtagOf(version);
}

void InMemoryStateStore::Transact(const CallContext&, std::span<const StateWrite> writes,
                                  Done<std::vector<WriteOutcome>> done) {
  std::vector<PreparedWrite> prepared;
  prepared.reserve(writes.size());
  uint32_t touched = 0;
  for (const StateWrite& write : writes) {
    prepared.emplace_back(write, host_->clock());
    touched |= 1u << ShardOf(prepared.back().key);
  }
  std::vector<WriteOutcome> outcomes;
  {
    Locks locks;
    for (size_t i = 0; i < kShards; ++i) {
      if ((touched >> i & 1u) != 0) {
        locks[i] = std::unique_lock((*shards_)[i].mutex);
      }
    }
    outcomes = TransactLocked(prepared);
  }
  std::move(done)(std::move(outcomes));
}

std::vector<WriteOutcome> InMemoryStateStore::TransactLocked(std::span<PreparedWrite> prepared) {
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(prepared.size());
  for (size_t i = 0; i < prepared.size(); ++i) {
    EntryTable& table = (*shards_)[ShardOf(prepared[i].key)].table;
    Status status = prepared[i].Check(table, host_->clock());
    if (!status.ok()) {
      outcomes.assign(prepared.size(), Status(StatusCode::kCancelled, {}));
      outcomes[i] = std::move(status);
      return outcomes;
    }
  }
  for (PreparedWrite& one : prepared) {
    outcomes.push_back(Apply((*shards_)[ShardOf(one.key)].table, one));
  }
  return outcomes;
}

void InMemoryStateStore::List(const CallContext&, const ListRequest& request, Done<ListPage> done) {
  ListPage page;
  {
    Locks locks;
    for (size_t i = 0; i < kShards; ++i) {
      locks[i] = std::unique_lock((*shards_)[i].mutex);
    }
    page = ListLocked(request);
  }
  std::move(done)(std::move(page));
}

ListPage InMemoryStateStore::ListLocked(const ListRequest& request) {
  std::vector<const EntryTable*> tables;
  for (Shard& shard : *shards_) {
    shard.table.Purge(host_->clock(), std::numeric_limits<int>::max());
    tables.push_back(&shard.table);
  }
  return PageOf(tables, request);
}

extern const ComponentInfo kComponentInfo;

namespace {

std::unique_ptr<StateStore> Make() { return std::make_unique<InMemoryStateStore>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
