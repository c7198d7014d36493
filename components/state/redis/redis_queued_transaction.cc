// SPDX-License-Identifier: Apache-2.0
#include "redis_queued_transaction.h"

#include <algorithm>
#include <utility>

#include "redis_scripts.h"
#include "redis_write_command.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

using Outcomes = std::vector<WriteOutcome>;

// From so many bytes for each write on, Lua costs more than the commands around the script.
constexpr size_t kLeastValue = 512;

bool IsSet(const StateWrite& write) { return write.kind == StateWrite::Kind::kSet; }
bool HasTtl(const StateWrite& write) { return IsSet(write) && write.ttl.has_value(); }

size_t CountSets(std::span<const StateWrite> writes) {
  return static_cast<size_t>(std::count_if(writes.begin(), writes.end(), IsSet));
}

// How many replies EXEC has inside: of the script, of each write and of each lifetime.
size_t CountResults(std::span<const StateWrite> writes) {
  return 1 + writes.size() +
         static_cast<size_t>(std::count_if(writes.begin(), writes.end(), HasTtl));
}

void AddCounting(RedisCommands& commands, std::span<const StateWrite> writes) {
  // Whole: a script that the server forgot would fail inside EXEC, and the values would follow.
  BeginScript(commands, kCountScript, ScriptForm::kText, CountSets(writes), 0);
  for (const StateWrite& write : writes) {
    if (IsSet(write)) {
      commands.Add(write.key);
    }
  }
}

void AddQueue(RedisCommands& commands, std::span<const StateWrite> writes) {
  commands.AddCommand({"MULTI"});
  AddCounting(commands, writes);
  for (const StateWrite& write : writes) {
    if (IsSet(write)) {
      commands.AddCommand({"HSET", write.key, "data", write.value});
    } else {
      commands.AddCommand({"DEL", write.key});
    }
  }
  // Last, so that no key can go in between.
  for (const StateWrite& write : writes) {
    if (HasTtl(write)) {
      commands.Begin(3);
      commands.Add("PEXPIRE");
      commands.Add(write.key);
      commands.Add(TtlMilliseconds(write));
    }
  }
  commands.AddCommand({"EXEC"});
}

Status Strange(RedisLease& lease) {
  lease.connection().MarkBroken();
  return MarkApplied(
      Status(StatusCode::kDataLoss, "Redis answered a transaction with something else"),
      Applied::kMaybe);
}

// Leaves the first error among the replies to what was to be queued in `refused`.
Status ReceiveQueued(RedisLease& lease, const CallContext& call, size_t count, Status* refused) {
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
    if (reply->is_error() && refused->ok()) {
      *refused = lease.ErrorOf(*reply);
    }
  }
  return OkStatus();
}

StatusOr<Outcomes> ReadResults(RedisLease& lease, std::span<const StateWrite> writes,
                               const Reply& reply) {
  if (!reply.is_array() || reply.items.size() != CountResults(writes)) {
    return Strange(lease);
  }
  for (const Reply& result : reply.items) {
    if (result.is_error()) {
      return MarkApplied(lease.ErrorOf(result), Applied::kMaybe);
    }
  }
  const Reply& versions = reply.items.front();
  if (!versions.is_array() || versions.items.size() != CountSets(writes)) {
    return Strange(lease);
  }
  Outcomes outcomes;
  outcomes.reserve(writes.size());
  auto version = versions.items.begin();
  for (const StateWrite& write : writes) {
    outcomes.push_back(IsSet(write) ? ReadOutcome(write, *version++) : WriteOutcome(Etag()));
  }
  return outcomes;
}

// What EXEC answered; `refused`: the first error before it.
StatusOr<Outcomes> ReadExec(RedisLease& lease, std::span<const StateWrite> writes, Status refused,
                            const Reply& reply) {
  if (!reply.is_error()) {
    return ReadResults(lease, writes, reply);
  }
  if (refused.ok()) {
    refused = lease.ErrorOf(reply);
  }
  // Without MULTI, which MayQueue has seen allowed, the commands ran one by one.
  const bool ran_singly = reply.text().starts_with("ERR EXEC without MULTI");
  return ran_singly ? MarkApplied(std::move(refused), Applied::kMaybe) : refused;
}

}  // namespace

bool FitsQueue(std::span<const StateWrite> writes) {
  size_t bytes = 0;
  for (const StateWrite& write : writes) {
    if (write.condition != Condition::kAlways) {
      return false;
    }
    bytes += IsSet(write) ? write.value.size() : 0;
  }
  return bytes >= kLeastValue * writes.size();
}

StatusOr<bool> MayQueue(RedisLease& lease, const CallContext& call) {
  using Queues = RedisConnection::Queues;
  if (lease.connection().queues == Queues::kUnknown) {
    lease.commands().Clear();
    lease.commands().AddCommand({"MULTI"});
    lease.commands().AddCommand({"DISCARD"});
    RETURN_IF_ERROR(lease.Send(call));
    Status refused;
    RETURN_IF_ERROR(ReceiveQueued(lease, call, 2, &refused));
    lease.connection().queues = refused.ok() ? Queues::kYes : Queues::kNo;
  }
  return lease.connection().queues == Queues::kYes;
}

StatusOr<Outcomes> RunQueued(RedisLease& lease, const CallContext& call,
                             std::span<const StateWrite> writes) {
  RedisCommands& commands = lease.commands();
  commands.Clear();
  AddQueue(commands, writes);
  const size_t last = commands.count() - 1;
  Status status = lease.Send(call);
  if (!status.ok()) {
    return MarkApplied(std::move(status), lease.HasSent(last) ? Applied::kMaybe : Applied::kNo);
  }
  Status refused;
  status = ReceiveQueued(lease, call, last, &refused);
  if (!status.ok()) {
    return MarkApplied(std::move(status), Applied::kMaybe);
  }
  const auto reply = lease.Receive(call);
  if (!reply.ok()) {
    return MarkApplied(reply.status(), Applied::kMaybe);
  }
  return ReadExec(lease, writes, std::move(refused), **reply);
}

}  // namespace MECHA_COMPONENT
