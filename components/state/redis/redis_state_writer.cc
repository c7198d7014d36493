// SPDX-License-Identifier: Apache-2.0
#include "redis_state_writer.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "contract/state_outcomes.h"
#include "redis/redis_lease.h"
#include "redis_queued_transaction.h"
#include "redis_replication.h"
#include "redis_scripts.h"
#include "redis_write_command.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

// One chunk of independent writes: so many replies, and about so many bytes at once.
constexpr size_t kWritesAtOnce = 128;
constexpr size_t kBytesAtOnce = 1024 * 1024;
// Redis takes 1024 * 1024 arguments; a transaction needs five for each write.
constexpr size_t kLongestTransaction = 200'000;

bool WantsReplicas(std::span<const StateWrite> writes) {
  return std::any_of(writes.begin(), writes.end(), [](const StateWrite& write) {
    return write.consistency == Consistency::kStrong;
  });
}

// Some writes of distinct keys, sent together over one connection.
class WriteChunk {
 public:
  WriteChunk(const CallContext& call, std::span<const StateWrite> writes,
             std::span<WriteOutcome> outcomes)
      : call_(call), writes_(writes), outcomes_(outcomes) {}

  // Fills every outcome.
  void Run(RedisLease& lease) {
    const bool is_strong = WantsReplicas(writes_);
    if (is_strong) {
      const Status status = LearnReplicas(lease, call_);
      if (!status.ok()) {
        std::fill(outcomes_.begin(), outcomes_.end(), WriteOutcome(status));
        return;
      }
    }
    Exchange(lease, ScriptForm::kHash, is_strong);
    if (unknown_scripts_.empty()) {
      return;
    }
    if (lease.connection().is_reusable()) {
      Exchange(lease, ScriptForm::kText, is_strong);
    } else {
      // Nothing ran for these; a new connection would be a resend, which is not ours to decide.
      for (const size_t index : unknown_scripts_) {
        outcomes_[index] = Unavailable("the connection was lost before the write could be sent");
      }
    }
  }

 private:
  // The writes of this exchange: all, or those whose script the server did not know.
  size_t count(ScriptForm form) const {
    return form == ScriptForm::kHash ? writes_.size() : unknown_scripts_.size();
  }
  size_t At(ScriptForm form, size_t position) const {
    return form == ScriptForm::kHash ? position : unknown_scripts_[position];
  }

  void Exchange(RedisLease& lease, ScriptForm form, bool is_strong) {
    lease.commands().Clear();
    for (size_t i = 0; i < count(form); ++i) {
      AddWrite(lease.commands(), writes_[At(form, i)], form);
    }
    if (is_strong) {
      AddWait(lease, call_);
    }
    const Status sent = lease.Send(call_);
    if (!sent.ok()) {
      Fail(form, 0, sent, lease);
      return;
    }
    for (size_t i = 0; i < count(form); ++i) {
      const auto reply = lease.Receive(call_);
      if (!reply.ok()) {
        Fail(form, i, reply.status(), lease);
        return;
      }
      Understand(lease, form, At(form, i), **reply);
    }
    if (is_strong) {
      Confirm(form, ReceiveWait(lease, call_));
    }
  }

  void Understand(RedisLease& lease, ScriptForm form, size_t index, const Reply& reply) {
    if (form == ScriptForm::kHash && IsNoScript(reply)) {
      unknown_scripts_.push_back(index);
    } else if (reply.is_error()) {
      outcomes_[index] = MarkHalfDone(lease.ErrorOf(reply), reply);
    } else {
      outcomes_[index] = ReadOutcome(writes_[index], reply);
    }
  }

  // From `first` on no reply came. A write whose last byte went out may have been applied.
  void Fail(ScriptForm form, size_t first, const Status& status, const RedisLease& lease) {
    for (size_t i = first; i < count(form); ++i) {
      const Applied applied = lease.HasSent(i) ? Applied::kMaybe : Applied::kNo;
      outcomes_[At(form, i)] = MarkApplied(status, applied);
    }
  }

  // The writes of this exchange stand; those that asked for replicas may not be safe there.
  void Confirm(ScriptForm form, const Status& status) {
    for (size_t i = 0; !status.ok() && i < count(form); ++i) {
      const size_t index = At(form, i);
      if (outcomes_[index].ok() && writes_[index].consistency == Consistency::kStrong) {
        outcomes_[index] = MarkApplied(status, Applied::kYes);
      }
    }
  }

  const CallContext& call_;
  const std::span<const StateWrite> writes_;
  const std::span<WriteOutcome> outcomes_;
  std::vector<size_t> unknown_scripts_;
};

// How many of `writes` go into the next chunk: up to a malformed etag, a repeated key or the
// limits.
size_t ChunkLength(std::span<const StateWrite> writes) {
  std::unordered_set<std::string_view> keys;
  size_t bytes = 0;
  size_t count = 0;
  for (const StateWrite& write : writes) {
    const bool is_full = count == kWritesAtOnce || (count != 0 && bytes >= kBytesAtOnce);
    if (is_full || !CheckEtag(write).ok() || !keys.insert(write.key).second) {
      break;
    }
    bytes += write.value.size();
    ++count;
  }
  return count;
}

void AddTransaction(RedisCommands& commands, std::span<const StateWrite> writes, ScriptForm form) {
  BeginScript(commands, kTransactionScript, form, writes.size(), writes.size() * 4);
  for (const StateWrite& write : writes) {
    commands.Add(write.key);
  }
  for (const StateWrite& write : writes) {
    AddTransactionArguments(commands, write);
  }
}

// Sends the script and leaves its reply in `reply`; on failure says whether it may have run.
StatusOr<Reply*> RunScript(RedisLease& lease, const CallContext& call,
                           std::span<const StateWrite> writes, ScriptForm form) {
  lease.commands().Clear();
  AddTransaction(lease.commands(), writes, form);
  Status status = lease.Send(call);
  if (status.ok()) {
    auto reply = lease.Receive(call);
    if (reply.ok()) {
      return reply;
    }
    status = reply.status();
  }
  return MarkApplied(std::move(status), lease.HasSent(0) ? Applied::kMaybe : Applied::kNo);
}

StatusOr<std::vector<WriteOutcome>> ReadTransaction(RedisLease& lease,
                                                    std::span<const StateWrite> writes,
                                                    const Reply& reply) {
  if (reply.is_error()) {
    return MarkHalfDone(lease.ErrorOf(reply), reply);
  }
  const auto count = static_cast<int64_t>(writes.size());
  if (reply.type == Reply::Type::kInteger && reply.integer >= 1 && reply.integer <= count) {
    const auto index = static_cast<size_t>(reply.integer - 1);
    return RefusedBy(index, ConditionFailed(writes[index].condition), writes.size());
  }
  if (!reply.is_array() || reply.items.size() != writes.size()) {
    lease.connection().MarkBroken();
    return MarkApplied(
        Status(StatusCode::kDataLoss, "Redis answered a transaction with something else"),
        Applied::kMaybe);
  }
  std::vector<WriteOutcome> outcomes;
  outcomes.reserve(writes.size());
  for (size_t i = 0; i < writes.size(); ++i) {
    outcomes.push_back(ReadOutcome(writes[i], reply.items[i]));
  }
  return outcomes;
}

StatusOr<std::vector<WriteOutcome>> RunTransaction(RedisLease& lease, const CallContext& call,
                                                   std::span<const StateWrite> writes) {
  if (FitsQueue(writes)) {
    ASSIGN_OR_RETURN(const bool may_queue, MayQueue(lease, call));
    if (may_queue) {
      return RunQueued(lease, call, writes);
    }
  }
  ASSIGN_OR_RETURN(Reply * reply, RunScript(lease, call, writes, ScriptForm::kHash));
  if (IsNoScript(*reply)) {
    ASSIGN_OR_RETURN(reply, RunScript(lease, call, writes, ScriptForm::kText));
  }
  return ReadTransaction(lease, writes, *reply);
}

}  // namespace

WriteOutcome WriteOne(ConnectionPool& pool, const CallContext& call, const StateWrite& write) {
  RETURN_IF_ERROR(CheckEtag(write));
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  WriteOutcome outcome;
  WriteChunk(call, {&write, 1}, {&outcome, 1}).Run(lease);
  return outcome;
}

StatusOr<std::vector<WriteOutcome>> WriteEach(ConnectionPool& pool, const CallContext& call,
                                              std::span<const StateWrite> writes) {
  std::vector<WriteOutcome> outcomes(writes.size());
  size_t start = 0;
  bool has_tried = false;
  while (start < writes.size()) {
    const size_t count = ChunkLength(writes.subspan(start));
    if (count == 0) {
      outcomes[start] = CheckEtag(writes[start]);
      has_tried = true;
      ++start;
      continue;
    }
    auto lease = RedisLease::Take(pool, call);
    if (!lease.ok() && !has_tried) {
      return lease.status();
    }
    const auto chunk = std::span(outcomes).subspan(start, count);
    if (lease.ok()) {
      WriteChunk(call, writes.subspan(start, count), chunk).Run(*lease);
      has_tried = true;
    } else {
      std::fill(chunk.begin(), chunk.end(), WriteOutcome(lease.status()));
    }
    start += count;
  }
  return outcomes;
}

StatusOr<std::vector<WriteOutcome>> WriteAll(ConnectionPool& pool, const CallContext& call,
                                             std::span<const StateWrite> writes) {
  if (writes.empty()) {
    return std::vector<WriteOutcome>();
  }
  if (writes.size() > kLongestTransaction) {
    return InvalidArgument("a transaction on Redis has at most " +
                           std::to_string(kLongestTransaction) + " writes");
  }
  for (size_t i = 0; i < writes.size(); ++i) {
    if (Status status = CheckEtag(writes[i]); !status.ok()) {
      return RefusedBy(i, std::move(status), writes.size());
    }
  }
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  const bool is_strong = WantsReplicas(writes);
  if (is_strong) {
    RETURN_IF_ERROR(LearnReplicas(lease, call));
  }
  ASSIGN_OR_RETURN(auto outcomes, RunTransaction(lease, call, writes));
  if (is_strong && outcomes.front().ok()) {
    Status confirmed = WaitForReplicas(lease, call);
    if (!confirmed.ok()) {
      return MarkApplied(std::move(confirmed), Applied::kYes);
    }
  }
  return outcomes;
}

}  // namespace MECHA_COMPONENT
