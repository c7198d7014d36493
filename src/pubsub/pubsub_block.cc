// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_block.h"

#include <utility>

#include "pubsub/forwarding.h"
#include "pubsub/publish_many_operation.h"
#include "pubsub/publish_operation.h"

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
    : service_(service),
      component_(component),
      options_(std::move(options)),
      keeps_events_(service.info().SupportOf("keeps_events") == Support::kNative),
      has_native_ttl_(service.info().SupportOf("ttl") == Support::kNative),
      ids_(service.host()) {}

Prepared PubSubBlock::Publish(const CallOptions& call, const PublishRequest& request) {
  if (request.messages.size() == 1) {
    auto* operation = new (pool()) PublishOperation(*this, call, request);
    return {operation, operation->Prepare(request)};
  }
  auto* operation = new PublishManyOperation(*this, call, request);
  return {operation, operation->Prepare(request)};
}

void PubSubBlock::BecomeConsumer(std::string name) {
  options_.consumer_name = std::move(name);
  ids_.Reseed();
}

std::unique_ptr<Error> PubSubBlock::MakeError(Verb verb, std::string_view broker_topic,
                                              const Status& status) const {
  return service_.MakeError(verb, broker_topic.substr(options_.topic_prefix.size()), status);
}

Status PubSubBlock::CheckPublish(std::string_view topic) const {
  RETURN_IF_ERROR(CheckTopic(topic));
  return options_.scopes.CheckPublish(topic);
}

Status PubSubBlock::CheckSubscribe(std::string_view topic) const {
  RETURN_IF_ERROR(CheckTopic(topic));
  return options_.scopes.CheckSubscribe(topic);
}

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
