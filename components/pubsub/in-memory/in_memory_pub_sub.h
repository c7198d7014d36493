// SPDX-License-Identifier: Apache-2.0
// InMemoryPubSub: pubsub.in-memory, queues in this process. It has no thread of its own and waits
// for nothing but short locks, one per topic; it sends nothing anywhere.
//
// Where the handlers of a feed have one place (Feed::DeliverOn), OnDeliveries runs there, for up to
// 64 messages at a time. Else who publishes also delivers: on the publisher's thread, before
// `done`, under no lock. One publisher does at most 32 such calls per feed, then an I/O thread goes
// on. Settle, Stop and the feed's end deliver nothing on their own thread: what they give back is
// delivered at that place, or by an I/O thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "contract/pub_sub.h"
#include "topic_table.h"

namespace MECHA_COMPONENT {

class InMemoryPubSub : public PubSub {
 public:
  Status Init(const CallContext& call, const Settings& settings, Host& host) override;
  Status Ping(const CallContext& call) override;
  void Suspend(bool keep_connections) override;
  Status Resume(const CallContext& call) override;
  void Close() override;

  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override;
  void PublishMany(const CallContext& call, std::string_view topic,
                   std::span<const OutgoingMessage> messages,
                   Done<std::vector<PublishOutcome>> done) override;
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call,
                                            const SubscribeRequest& request,
                                            FeedListener& listener) override;

 private:
  // Made by Init, dropped by Close.
  std::unique_ptr<TopicTable> topics_;
  size_t queue_depth_ = 0;
  Host* host_ = nullptr;
};

}  // namespace MECHA_COMPONENT
