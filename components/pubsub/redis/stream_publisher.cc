// SPDX-License-Identifier: Apache-2.0
#include "stream_publisher.h"

#include <string>
#include <utility>

#include "publish_request.h"
#include "redis/redis_lease.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

PublishOutcome ReadEntryId(const Reply& reply) {
  if (!reply.is_text()) {
    return MarkApplied(Status(StatusCode::kDataLoss, "Redis answered XADD with something else"),
                       Applied::kMaybe);
  }
  return std::string(reply.text());
}

StatusOr<std::vector<PublishOutcome>> PublishEach(ConnectionPool& pool, const CallContext& call,
                                                  std::string_view topic,
                                                  std::span<const OutgoingMessage> messages,
                                                  const Trim& trim) {
  ASSIGN_OR_RETURN(RedisLease lease, RedisLease::Take(pool, call));
  std::vector<std::string> json;  // sent from there
  json.reserve(messages.size());
  for (const OutgoingMessage& message : messages) {
    json.push_back(MetadataToJson(message.metadata, message.key));
    AddPublish(lease.commands(), {topic, message.payload, json.back()}, trim);
  }
  std::vector<PublishOutcome> outcomes;
  outcomes.reserve(messages.size());
  Status status = lease.Send(call);
  while (status.ok() && outcomes.size() < messages.size()) {
    const auto reply = lease.Receive(call);
    status = reply.status();
    if (status.ok()) {
      outcomes.push_back((*reply)->is_error() ? PublishOutcome(lease.ErrorOf(**reply))
                                              : ReadEntryId(**reply));
    }
  }
  // What left this process may be in the stream.
  while (outcomes.size() < messages.size()) {
    const Applied applied = lease.HasSent(outcomes.size()) ? Applied::kMaybe : Applied::kNo;
    outcomes.push_back(MarkApplied(status, applied));
  }
  return outcomes;
}

}  // namespace MECHA_COMPONENT
