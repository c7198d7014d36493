// SPDX-License-Identifier: Apache-2.0
#include "memcached_reader.h"

#include <algorithm>
#include <utility>

#include "memcached_connection.h"
#include "memcached_key.h"

namespace MECHA_COMPONENT {
namespace {

using Outcome = StatusOr<StateValue>;

// memcached stops reading while it cannot write its answers: so many requests fit into the
// system's socket buffers at any time.
constexpr size_t kKeysAtOnce = 64;

Outcome TakeValue(MemcachedConnection& connection, MetaReply& reply) {
  if (reply.has_value) {
    Outcome value{StateValue{}};
    value->data = std::move(reply.value);
    value->etag = MakeEtag({reply.NumberOf('c').value_or(0), connection.start()});
    return value;
  }
  // A read changes nothing, whatever its answer says.
  return reply.code() == "EN" ? NotFound() : MarkApplied(connection.ErrorOf(reply), Applied::kNo);
}

// Reads keys[i] into outcomes[i] for each of `indexes`; stops with the first status that concerns
// the connection.
Status ReadChunk(ConnectionPool& pool, const CallContext& call,
                 std::span<const std::string_view> keys, std::span<const size_t> indexes,
                 std::span<Outcome> outcomes) {
  ASSIGN_OR_RETURN(MemcachedLease lease, MemcachedLease::Take(pool, call));
  lease.connection().requests().Clear();
  for (const size_t index : indexes) {
    lease.connection().requests().AddGet(keys[index]);
  }
  RETURN_IF_ERROR(lease.Send(call));
  for (const size_t index : indexes) {
    ASSIGN_OR_RETURN(MetaReply * reply, lease.connection().Receive(call));
    outcomes[index] = TakeValue(lease.connection(), *reply);
  }
  return OkStatus();
}

bool IsUntouched(const Outcome& outcome) { return outcome.status().code() == StatusCode::kUnknown; }

// Reads all of one server's keys. After a failure those not yet read have its status.
Status ReadServer(ConnectionPool& pool, const CallContext& call,
                  std::span<const std::string_view> keys, std::span<const size_t> indexes,
                  std::span<Outcome> outcomes) {
  Status status;
  for (size_t start = 0; start < indexes.size() && status.ok(); start += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, indexes.size() - start);
    status = ReadChunk(pool, call, keys, indexes.subspan(start, count), outcomes);
  }
  for (const size_t index : indexes) {
    if (!status.ok() && IsUntouched(outcomes[index])) {
      outcomes[index] = status;
    }
  }
  return status;
}

}  // namespace

Outcome ReadValue(MemcachedServers& servers, const CallContext& call, std::string_view key) {
  RETURN_IF_ERROR(CheckKey(key));
  ASSIGN_OR_RETURN(MemcachedLease lease,
                   MemcachedLease::Take(servers.pool(servers.IndexOf(key)), call));
  lease.connection().requests().Clear();
  lease.connection().requests().AddGet(key);
  RETURN_IF_ERROR(lease.Send(call));
  ASSIGN_OR_RETURN(MetaReply * reply, lease.connection().Receive(call));
  return TakeValue(lease.connection(), *reply);
}

StatusOr<std::vector<Outcome>> ReadValues(MemcachedServers& servers, const CallContext& call,
                                          std::span<const std::string_view> keys) {
  std::vector<Outcome> outcomes(keys.size());
  std::vector<std::vector<size_t>> indexes(servers.count());
  bool has_tried = keys.empty();
  for (size_t i = 0; i < keys.size(); ++i) {
    const Status status = CheckKey(keys[i]);
    if (status.ok()) {
      indexes[servers.IndexOf(keys[i])].push_back(i);
    } else {
      outcomes[i] = status;
      has_tried = true;
    }
  }
  Status failure;
  for (size_t server = 0; server < servers.count(); ++server) {
    if (!indexes[server].empty()) {
      const Status status = ReadServer(servers.pool(server), call, keys, indexes[server], outcomes);
      has_tried = has_tried || status.ok();
      failure = status.ok() ? failure : status;
    }
  }
  const bool has_some = has_tried || std::any_of(outcomes.begin(), outcomes.end(), [](auto& each) {
                          return each.ok() || each.status().code() == StatusCode::kNotFound;
                        });
  if (!has_some) {
    return failure;
  }
  return outcomes;
}

}  // namespace MECHA_COMPONENT
