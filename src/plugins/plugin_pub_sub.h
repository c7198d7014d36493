// SPDX-License-Identifier: Apache-2.0
// PluginPubSub: a message broker of a plug-in, as the contract sees it. Without publish_many
// several messages are published one by one. Threads as for PubSub.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/pub_sub.h"
#include "plugins/plugin_component.h"

namespace mecha {

class PluginPubSub final : public PubSub {
 public:
  explicit PluginPubSub(std::shared_ptr<const PluginType> type) : plugin_(std::move(type)) {}

  Status Init(const CallContext& call, const Settings& settings, Host& host) override {
    return plugin_.Init(call, settings, host);
  }
  Status Ping(const CallContext& call) override { return plugin_.Ping(call); }
  void Suspend(bool keep_connections) override { plugin_.Suspend(keep_connections); }
  Status Resume(const CallContext& call) override { return plugin_.Resume(call); }
  void Close() override { plugin_.Close(); }

  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override;
  void PublishMany(const CallContext& call, std::string_view topic,
                   std::span<const OutgoingMessage> messages,
                   Done<std::vector<PublishOutcome>> done) override;
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call,
                                            const SubscribeRequest& request,
                                            FeedListener& listener) override;

 private:
  const mecha_pubsub_functions& functions() const { return plugin_.type().pubsub(); }

  PluginComponent plugin_;
};

}  // namespace mecha
