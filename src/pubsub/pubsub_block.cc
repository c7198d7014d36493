// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_block.h"

#include <utility>

#include "pubsub/forwarding.h"

namespace mecha {
namespace {

Status CheckTopic(std::string_view topic) {
  return topic.empty() ? InvalidArgument("the topic is empty; name one") : OkStatus();
}

}  // namespace

std::string MakeConsumerName(std::string_view app_id, std::string_view instance_id) {
  return std::string(app_id) + "-" + std::string(instance_id);
}

PubSubBlock::PubSubBlock(Service& service, PubSub& component, PubSubBlockOptions options)
    : service_(service), component_(component), options_(std::move(options)) {}

Status PubSubBlock::CheckPublish(std::string_view topic) const { return CheckTopic(topic); }

Status PubSubBlock::CheckSubscribe(std::string_view topic) const { return CheckTopic(topic); }

std::string PubSubBlock::BrokerTopic(std::string_view topic) const {
  return options_.topic_prefix + std::string(topic);
}

void PubSubBlock::Forward(const CallContext& call, std::string_view topic, const Delivery& delivery,
                          Settled done) {
  Forwarding::Start({.host = service_.host(),
                     .component = component_,
                     .execution = service_.info().execution,
                     .topic = BrokerTopic(topic)},
                    call, delivery, std::move(done));
}

}  // namespace mecha
