// SPDX-License-Identifier: Apache-2.0
#include "redis_state_reader.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "redis/redis_lease.h"
#include "redis_value.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

using Outcome = StatusOr<StateValue>;

// So many replies may wait in the server's memory for one caller.
constexpr size_t kKeysAtOnce = 128;

Outcome OutcomeOf(RedisLease& lease, Reply& reply) {
  if (reply.is_error()) {
    return lease.ErrorOf(reply);
  }
  Outcome value = TakeValue(reply);
  if (IsDataLoss(value.status())) {
    lease.connection().MarkBroken();
  }
  return value;
}

// Receives the reply for each of `indexes` and puts its value into outcomes[index]; those that hold
// something else than a hash go to `others` instead, when it is given.
Status ReceiveSome(RedisLease& lease, const CallContext& call, std::span<const size_t> indexes,
                   std::span<Outcome> outcomes, std::vector<size_t>* others) {
  for (const size_t index : indexes) {
    ASSIGN_OR_RETURN(Reply * reply, lease.Receive(call));
    if (others != nullptr && IsOtherType(*reply)) {
      others->push_back(index);
    } else {
      outcomes[index] = OutcomeOf(lease, *reply);
    }
  }
  return OkStatus();
}

Status ReadChunk(ConnectionPool& pool, const CallContext& call,
                 std::span<const std::string_view> keys, std::span<Outcome> outcomes) {
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  std::vector<size_t> indexes(keys.size());
  std::iota(indexes.begin(), indexes.end(), 0);
  std::vector<size_t> others;
  for (const std::string_view key : keys) {
    AddHashRead(lease.commands(), key);
  }
  RETURN_IF_ERROR(lease.Send(call));
  RETURN_IF_ERROR(ReceiveSome(lease, call, indexes, outcomes, &others));
  if (others.empty()) {
    return OkStatus();
  }
  lease.commands().Clear();
  for (const size_t index : others) {
    lease.commands().AddCommand({"GET", keys[index]});
  }
  RETURN_IF_ERROR(lease.Send(call));
  return ReceiveSome(lease, call, others, outcomes, nullptr);
}

bool IsUntouched(const Outcome& outcome) { return outcome.status().code() == StatusCode::kUnknown; }

}  // namespace

StatusOr<StateValue> ReadValue(ConnectionPool& pool, const CallContext& call,
                               std::string_view key) {
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  AddHashRead(lease.commands(), key);
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(Reply * reply, lease.Receive(call));
  if (IsOtherType(*reply)) {
    lease.commands().Clear();
    lease.commands().AddCommand({"GET", key});
    RETURN_IF_ERROR(lease.Send(call));
    ASSIGN_OR_RETURN(reply, lease.Receive(call));
  }
  return OutcomeOf(lease, *reply);
}

StatusOr<std::vector<Outcome>> ReadValues(ConnectionPool& pool, const CallContext& call,
                                          std::span<const std::string_view> keys) {
  std::vector<Outcome> outcomes(keys.size());
  for (size_t start = 0; start < keys.size(); start += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, keys.size() - start);
    const Status status = ReadChunk(pool, call, keys.subspan(start, count),
                                    std::span(outcomes).subspan(start, count));
    if (status.ok()) {
      continue;
    }
    if (IsUntouched(outcomes.front())) {
      return status;
    }
    std::replace_if(outcomes.begin(), outcomes.end(), IsUntouched, Outcome(status));
    break;
  }
  return outcomes;
}

}  // namespace MECHA_COMPONENT
