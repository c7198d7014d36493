// SPDX-License-Identifier: Apache-2.0
// PubSubBlock: everything about messages that is the same for every broker: envelopes, namespaces,
// scopes, limits, and the words of errors. One per pubsub component. It makes operations; whoever
// asked runs them. Safe from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "contract/etag.h"
#include "contract/pub_sub.h"
#include "operation/operation.h"
#include "operation/service.h"
#include "pubsub/message_ids.h"
#include "pubsub/requests.h"
#include "pubsub/topic_scopes.h"
#include "resources/strictness.h"
#include "result/block_pool.h"
#include "result/status.h"

namespace mecha {

struct PubSubLimits {
  size_t most_message_bytes = size_t{64} << 20;
};

struct PubSubBlockOptions {
  std::string app_id;
  std::string consumer_group;  // whom each message goes to once
  std::string consumer_name;   // how this runtime's feeds are named in the group
  std::string topic_prefix;    // of every topic at the broker; no separator
  TopicScopes scopes;
  PubSubLimits limits;
  Strictness strictness = Strictness::kStrict;
};

// The name of one runtime among the consumers of its group.
std::string MakeConsumerName(std::string_view app_id, std::string_view instance_id);

class PubSubBlock {
 public:
  // `service` and `component` outlive it.
  PubSubBlock(Service& service, PubSub& component, PubSubBlockOptions options);

  // As StateBlock: an operation, to be refused unless `refused` is OK. Item i of its result belongs
  // to message i.
  Prepared Publish(const CallOptions& call, const PublishRequest& request);

  // Whether this application may use the topic: OK, INVALID_ARGUMENT or PERMISSION_DENIED.
  Status CheckPublish(std::string_view topic) const;
  Status CheckSubscribe(std::string_view topic) const;
  // A name for one feed among the consumers of the group: two feeds of one runtime are two.
  std::string NewConsumerName() {
    return options_.consumer_name + "-" + std::to_string(feeds_.fetch_add(1) + 1);
  }
  // The topic as the broker knows it.
  std::string BrokerTopic(std::string_view topic) const;

  // Publishes a delivery to another topic as it came: the same bytes or event, metadata, key and
  // content type. It checks no scope and tries once. What `call` refers to stays until `done` has
  // run; that may be inside this call, or on a pool thread where the component wants to block and
  // `call` forbids it.
  void Forward(const CallContext& call, std::string_view topic, const Delivery& delivery,
               Settled done);

  // While the runtime is suspended: it resumes as another instance.
  void BecomeConsumer(std::string name);

  Service& service() { return service_; }
  PubSub& component() { return component_; }
  const PubSubBlockOptions& options() const { return options_; }
  MessageIds& ids() { return ids_; }
  // What its component can do: native, or not at all.
  bool keeps_events() const { return keeps_events_; }
  bool has_native_ttl() const { return has_native_ttl_; }
  // Where the bytes of messages come from.
  BlockPool* pool() { return pool_.get(); }

  // For its operations: `pubsub "messages" (pubsub.redis): publish "created": connection refused`.
  std::unique_ptr<Error> MakeError(Verb verb, std::string_view broker_topic,
                                   const Status& status) const;

 private:
  Service& service_;
  PubSub& component_;
  PubSubBlockOptions options_;
  const bool keeps_events_;
  const bool has_native_ttl_;
  std::atomic<uint64_t> feeds_{0};
  MessageIds ids_;
  const BlockPool::Ptr pool_ = BlockPool::Create();
};

// What a result shows of a broker's own id; empty when it is longer than any etag.
inline Etag EtagOf(std::string_view broker_id) {
  return broker_id.size() <= Etag::kMaxBytes ? Etag(broker_id) : Etag();
}

}  // namespace mecha
