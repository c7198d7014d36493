// SPDX-License-Identifier: Apache-2.0
#include "etcd_writer.h"

#include <map>
#include <string>
#include <utility>

#include "contract/state_outcomes.h"
#include "encoding/number.h"
#include "etcd_requests.h"
#include "etcd_value.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// The server's own limit.
constexpr int64_t kLongestTtl = 9'000'000'000;

using Outcomes = std::vector<WriteOutcome>;
// By their seconds: what is written together may expire together.
using Leases = std::map<int64_t, int64_t>;

// In whole seconds, 0 without one.
int64_t TtlOf(const StateWrite& write) {
  return write.ttl.has_value() ? write.ttl->count() / 1000 + (write.ttl->count() % 1000 != 0) : 0;
}

// The revision of an etag; 0 when no value ever had it.
int64_t RevisionOf(std::string_view etag) {
  const auto revision = ParseNumber<int64_t>(etag);
  const bool is_ours = revision.has_value() && *revision > 0 && std::to_string(*revision) == etag;
  return is_ours ? *revision : 0;
}

Status CheckWrite(const StateWrite& write) {
  if (write.condition == Condition::kIfMatch && RevisionOf(write.etag) == 0) {
    return InvalidArgument(
        "the etag is not one of this store's, which are numbers; pass the one that a get returned");
  }
  if (TtlOf(write) > kLongestTtl) {
    return Status(
        StatusCode::kOutOfRange,
        "the time to live is longer than etcd's longest, 9000000000 seconds; leave it out "
        "for a value that stays");
  }
  return OkStatus();
}

StatusOr<Leases> Grant(EtcdServers& servers, const CallContext& call,
                       std::span<const StateWrite> writes) {
  Leases leases;
  for (const StateWrite& write : writes) {
    const int64_t seconds = TtlOf(write);
    if (seconds == 0 || leases.contains(seconds)) {
      continue;
    }
    const auto reply = servers.Post(call, kGrantPath, GrantRequest(seconds));
    if (!reply.ok()) {
      return MarkApplied(WithPrefix(reply.status(), "ask for a lease"), Applied::kNo);
    }
    const int64_t lease = reply->root().Member("ID").Integer().value_or(0);
    if (lease == 0) {
      return Status(StatusCode::kDataLoss, "the server grants a lease without a number");
    }
    leases[seconds] = lease;
  }
  return leases;
}

// Unused ones end by themselves; sooner is better. Nobody is told when it fails.
void Revoke(EtcdServers& servers, const CallContext& call, const Leases& leases) {
  for (const auto& [seconds, lease] : leases) {
    if (!servers.Post(call, kRevokePath, RevokeRequest(lease)).ok()) {
      return;
    }
  }
}

std::string Body(const EtcdServers& servers, Layout layout, std::span<const StateWrite> writes,
                 const Leases& leases) {
  TransactionRequest request;
  const WallTime now = servers.host().clock().WallNow();
  for (const StateWrite& write : writes) {
    const std::string key = servers.options().path + std::string(write.key);
    if (write.condition == Condition::kIfMatch) {
      request.CompareRevision(key, RevisionOf(write.etag));
    } else if (write.condition == Condition::kIfAbsent) {
      request.CompareAbsent(key);
    }
    if (write.kind == StateWrite::Kind::kDelete) {
      request.Delete(key);
      continue;
    }
    const int64_t seconds = TtlOf(write);
    const auto lease = leases.find(seconds);
    request.Put(key, EncodeValue(layout, write.value, now, seconds),
                lease == leases.end() ? 0 : lease->second);
  }
  return request.Finish();
}

// Which condition did not hold, from the keys that were compared: they were read at that moment.
size_t FirstFailed(const EtcdReply& reply, std::span<const StateWrite> writes) {
  JsonSlice response = reply.root().Member("responses").First();
  size_t first_condition = writes.size();
  for (size_t i = 0; i < writes.size(); ++i) {
    if (writes[i].condition == Condition::kAlways) {
      continue;
    }
    first_condition = first_condition == writes.size() ? i : first_condition;
    const JsonSlice entry = response.Member("response_range").Member("kvs").First();
    const bool holds = writes[i].condition == Condition::kIfAbsent
                           ? entry.empty()
                           : entry.Member("mod_revision").Text() == writes[i].etag;
    if (!holds) {
      return i;
    }
    response = response.Next();
  }
  return first_condition;
}

Outcomes Succeeded(const EtcdReply& reply, std::span<const StateWrite> writes) {
  const Etag etag(std::to_string(reply.revision()));
  Outcomes outcomes;
  outcomes.reserve(writes.size());
  for (const StateWrite& write : writes) {
    outcomes.push_back(write.kind == StateWrite::Kind::kDelete ? Etag() : etag);
  }
  return outcomes;
}

StatusOr<Outcomes> Commit(EtcdServers& servers, Layout layout, const CallContext& call,
                          std::span<const StateWrite> writes) {
  for (size_t i = 0; i < writes.size(); ++i) {
    if (Status status = CheckWrite(writes[i]); !status.ok()) {
      return RefusedBy(i, std::move(status), writes.size());
    }
  }
  ASSIGN_OR_RETURN(const Leases leases, Grant(servers, call, writes));
  ASSIGN_OR_RETURN(const EtcdReply reply,
                   servers.Post(call, kTransactionPath, Body(servers, layout, writes, leases)));
  // Every answer of etcd has its revision; one without is not etcd's.
  const bool is_answer = reply.revision() != 0;
  if (is_answer && reply.root().Member("succeeded").IsTrue()) {
    return Succeeded(reply, writes);
  }
  const size_t failed = is_answer ? FirstFailed(reply, writes) : writes.size();
  if (failed == writes.size()) {
    return MarkApplied(
        Status(StatusCode::kDataLoss, "the server's answer to a transaction makes no sense"),
        Applied::kMaybe);
  }
  Revoke(servers, call, leases);
  return RefusedBy(failed, ConditionFailed(writes[failed].condition), writes.size());
}

}  // namespace

WriteOutcome WriteOne(EtcdServers& servers, Layout layout, const CallContext& call,
                      const StateWrite& write) {
  ASSIGN_OR_RETURN(Outcomes outcomes, Commit(servers, layout, call, std::span(&write, 1)));
  return std::move(outcomes.front());
}

StatusOr<Outcomes> WriteEach(EtcdServers& servers, Layout layout, const CallContext& call,
                             std::span<const StateWrite> writes) {
  Outcomes outcomes;
  outcomes.reserve(writes.size());
  for (const StateWrite& write : writes) {
    outcomes.push_back(WriteOne(servers, layout, call, write));
  }
  return outcomes;
}

StatusOr<Outcomes> WriteAll(EtcdServers& servers, Layout layout, const CallContext& call,
                            std::span<const StateWrite> writes) {
  if (writes.empty()) {
    return Outcomes();
  }
  if (writes.size() > servers.options().most_operations) {
    return InvalidArgument("a transaction of " + std::to_string(writes.size()) +
                           " writes; maxTxnOps allows " +
                           std::to_string(servers.options().most_operations) +
                           ", and etcd as many as its --max-txn-ops says");
  }
  return Commit(servers, layout, call, writes);
}

}  // namespace MECHA_COMPONENT
