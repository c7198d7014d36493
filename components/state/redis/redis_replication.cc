// SPDX-License-Identifier: Apache-2.0
#include "redis_replication.h"

#include <charconv>
#include <string>

#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

// As Dapr waits. The call's own deadline ends the wait earlier, in Host::Wait.
constexpr std::string_view kLongestWaitMilliseconds = "1000";

int64_t CountReplicas(std::string_view info) {
  constexpr std::string_view kField = "connected_slaves:";
  const size_t start = info.find(kField);
  int64_t count = 0;
  if (start != info.npos) {
    const std::string_view text = info.substr(start + kField.size());
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  return count;
}

}  // namespace

Status LearnReplicas(RedisLease& lease, const CallContext& call) {
  if (lease.connection().replicas >= 0) {
    return OkStatus();
  }
  lease.commands().Clear();
  lease.commands().AddCommand({"INFO", "replication"});
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
  if (reply->is_error()) {
    return WithPrefix(lease.ErrorOf(*reply), "strong consistency needs INFO replication");
  }
  lease.connection().replicas = CountReplicas(reply->text());
  return OkStatus();
}

void AddWait(RedisLease& lease, const CallContext&) {
  const int64_t replicas = lease.connection().replicas;
  if (replicas > 0) {
    lease.commands().AddCommand({"WAIT", std::to_string(replicas), kLongestWaitMilliseconds});
  }
}

Status ReceiveWait(RedisLease& lease, const CallContext& call) {
  const int64_t replicas = lease.connection().replicas;
  if (replicas <= 0) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Reply* reply, lease.Receive(call));
  if (reply->is_error()) {
    return WithPrefix(lease.ErrorOf(*reply), "written, but strong consistency needs WAIT");
  }
  if (reply->integer < replicas) {
    return Unavailable("written, but only " + std::to_string(reply->integer) + " of " +
                       std::to_string(replicas) + " replicas confirmed it within " +
                       std::string(kLongestWaitMilliseconds) + " ms");
  }
  return OkStatus();
}

Status WaitForReplicas(RedisLease& lease, const CallContext& call) {
  if (lease.connection().replicas <= 0) {
    return OkStatus();
  }
  lease.commands().Clear();
  AddWait(lease, call);
  RETURN_IF_ERROR(lease.Send(call));
  return ReceiveWait(lease, call);
}

}  // namespace MECHA_COMPONENT
