// SPDX-License-Identifier: Apache-2.0
// PubSubBlock: everything about messages that is the same for every broker: envelopes, namespaces,
// scopes, limits, and the words of errors. One per pubsub component. It makes operations; whoever
// asked runs them. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "contract/pub_sub.h"
#include "operation/operation.h"
#include "operation/service.h"
#include "pubsub/requests.h"
#include "resources/strictness.h"
#include "result/status.h"

namespace mecha {

struct PubSubLimits {
  size_t most_message_bytes = size_t{64} << 20;
};

struct PubSubBlockOptions {
  std::string app_id;
  std::string consumer_group;  // whom each message goes to once
  std::string consumer_name;   // this runtime in the group; no other living one has it
  std::string topic_prefix;    // of every topic at the broker; no separator
  PubSubLimits limits;
  Strictness strictness = Strictness::kStrict;
};

// The name of one runtime among the consumers of its group.
std::string MakeConsumerName(std::string_view app_id, std::string_view instance_id);

class PubSubBlock {
 public:
  // `service` and `component` outlive it.
  PubSubBlock(Service& service, PubSub& component, PubSubBlockOptions options);

  // Whether this application may use the topic: OK, INVALID_ARGUMENT or PERMISSION_DENIED.
  Status CheckPublish(std::string_view topic) const;
  Status CheckSubscribe(std::string_view topic) const;
  // The topic as the broker knows it.
  std::string BrokerTopic(std::string_view topic) const;

  // Publishes a delivery to another topic as it came: the same bytes or event, metadata, key and
  // content type. It checks no scope and tries once. What `call` refers to stays until `done` has
  // run; that may be inside this call, or on a pool thread where the component wants to block and
  // `call` forbids it.
  void Forward(const CallContext& call, std::string_view topic, const Delivery& delivery,
               Settled done);

  // While the runtime is suspended, for it resumes as another instance.
  void SetConsumerName(std::string name) { options_.consumer_name = std::move(name); }

  Service& service() { return service_; }
  PubSub& component() { return component_; }
  const PubSubBlockOptions& options() const { return options_; }

 private:
  Service& service_;
  PubSub& component_;
  PubSubBlockOptions options_;
};

}  // namespace mecha
