// SPDX-License-Identifier: Apache-2.0
#include "memcached_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "contract/state_outcomes.h"
#include "memcached_connection.h"
#include "memcached_expiry.h"
#include "memcached_key.h"

namespace MECHA_COMPONENT {
namespace {

// One chunk of independent writes: so many, and about so many bytes at once.
constexpr size_t kWritesAtOnce = 128;
constexpr size_t kBytesAtOnce = 1024 * 1024;
// What the server keeps beside key and value, and a little more.
constexpr uint64_t kItemOverhead = 64;

// What can be told without the server.
Status Check(const StateWrite& write, WallTime now) {
  RETURN_IF_ERROR(CheckKey(write.key));
  RETURN_IF_ERROR(ExpiryOf(write.ttl, now).status());
  return write.condition == Condition::kIfMatch ? ParseEtag(write.etag).status() : OkStatus();
}

// The server would throw the old value away before it refuses the new one.
Status CheckSize(const StateWrite& write, uint64_t largest_item) {
  if (write.kind == StateWrite::Kind::kDelete ||
      write.key.size() + write.value.size() + kItemOverhead <= largest_item) {
    return OkStatus();
  }
  return Status(StatusCode::kOutOfRange, "a value of " + std::to_string(write.value.size()) +
                                             " bytes is over the server's item size limit of " +
                                             std::to_string(largest_item) +
                                             " (memcached's option -I)");
}

// Some writes for one server, sent together over one connection.
class WriteChunk {
 public:
  WriteChunk(const CallContext& call, WallTime now, std::span<const StateWrite> writes,
             std::span<WriteOutcome> outcomes)
      : call_(call), now_(now), writes_(writes), outcomes_(outcomes) {}

  // Fills the outcome of each of `indexes`.
  void Run(MemcachedLease& lease, std::span<const size_t> indexes) {
    lease.connection().requests().Clear();
    for (const size_t index : indexes) {
      Add(lease.connection(), index);
    }
    const Status status = sent_.empty() ? OkStatus() : lease.Send(call_);
    if (!status.ok()) {
      Fail(lease, 0, status);
      return;
    }
    for (size_t i = 0; i < sent_.size(); ++i) {
      const auto reply = lease.connection().Receive(call_);
      if (!reply.ok()) {
        Fail(lease, i, reply.status());
        return;
      }
      outcomes_[sent_[i]] = Understand(lease.connection(), writes_[sent_[i]], **reply);
    }
  }

 private:
  void Add(MemcachedConnection& connection, size_t index) {
    const StateWrite& write = writes_[index];
    Status status = CheckSize(write, connection.largest_item());
    ItemVersion version;
    if (write.condition == Condition::kIfMatch) {
      version = *ParseEtag(write.etag);
      const bool is_of_now = version.start == connection.start();
      status = status.ok() && !is_of_now ? ConditionFailed(write.condition) : status;
    }
    if (!status.ok()) {
      outcomes_[index] = status;
      return;
    }
    sent_.push_back(index);
    if (write.kind == StateWrite::Kind::kDelete) {
      connection.requests().AddDelete(write.key, version.number);
      return;
    }
    connection.requests().AddSet({write.key, write.value, *ExpiryOf(write.ttl, now_),
                                  write.condition == Condition::kIfAbsent, version.number});
  }

  static WriteOutcome Understand(MemcachedConnection& connection, const StateWrite& write,
                                 const MetaReply& reply) {
    const std::string_view code = reply.code();
    const bool is_delete = write.kind == StateWrite::Kind::kDelete;
    if (code == "HD") {
      return is_delete ? Etag() : MakeEtag({reply.NumberOf('c').value_or(0), connection.start()});
    }
    if (is_delete && code == "NF" && write.condition == Condition::kAlways) {
      return Etag();
    }
    const bool is_refusal = code == "NS" || code == "EX" || code == "NF";
    if (is_refusal && write.condition != Condition::kAlways) {
      return ConditionFailed(write.condition);
    }
    return connection.ErrorOf(reply);
  }

  // From `first` on no reply came. A write whose last byte went out may have been applied.
  void Fail(const MemcachedLease& lease, size_t first, const Status& status) {
    for (size_t i = first; i < sent_.size(); ++i) {
      const bool has_left = lease.has_connection() && lease.connection().HasSent(i);
      outcomes_[sent_[i]] = MarkApplied(status, has_left ? Applied::kMaybe : Applied::kNo);
    }
  }

  const CallContext& call_;
  const WallTime now_;
  const std::span<const StateWrite> writes_;
  const std::span<WriteOutcome> outcomes_;
  std::vector<size_t> sent_;
};

// How many of `indexes` go into the next chunk.
size_t ChunkLength(std::span<const StateWrite> writes, std::span<const size_t> indexes) {
  size_t bytes = 0;
  size_t count = 0;
  while (count < indexes.size() && count < kWritesAtOnce && (count == 0 || bytes < kBytesAtOnce)) {
    bytes += writes[indexes[count]].value.size();
    ++count;
  }
  return count;
}

}  // namespace

WriteOutcome WriteOne(MemcachedServers& servers, const CallContext& call, const StateWrite& write) {
  const WallTime now = servers.clock().WallNow();
  RETURN_IF_ERROR(Check(write, now));
  ASSIGN_OR_RETURN(MemcachedLease lease,
                   MemcachedLease::Take(servers.pool(servers.IndexOf(write.key)), call));
  WriteOutcome outcome;
  const size_t index = 0;
  WriteChunk(call, now, {&write, 1}, {&outcome, 1}).Run(lease, {&index, 1});
  return outcome;
}

StatusOr<std::vector<WriteOutcome>> WriteEach(MemcachedServers& servers, const CallContext& call,
                                              std::span<const StateWrite> writes) {
  const WallTime now = servers.clock().WallNow();
  std::vector<WriteOutcome> outcomes(writes.size());
  std::vector<std::vector<size_t>> indexes(servers.count());
  bool has_tried = writes.empty();
  for (size_t i = 0; i < writes.size(); ++i) {
    Status status = Check(writes[i], now);
    if (status.ok()) {
      indexes[servers.IndexOf(writes[i].key)].push_back(i);
    } else {
      outcomes[i] = std::move(status);
      has_tried = true;
    }
  }
  Status failure;
  for (size_t server = 0; server < servers.count(); ++server) {
    std::span<const size_t> rest = indexes[server];
    while (!rest.empty()) {
      const auto chunk = rest.first(ChunkLength(writes, rest));
      auto lease = MemcachedLease::Take(servers.pool(server), call);
      if (lease.ok()) {
        WriteChunk(call, now, writes, outcomes).Run(*lease, chunk);
        has_tried = true;
      }
      for (const size_t index : chunk) {
        outcomes[index] = lease.ok() ? std::move(outcomes[index]) : WriteOutcome(lease.status());
      }
      failure = lease.ok() ? failure : lease.status();
      rest = rest.subspan(chunk.size());
    }
  }
  if (!has_tried) {
    return failure;
  }
  return outcomes;
}

}  // namespace MECHA_COMPONENT
