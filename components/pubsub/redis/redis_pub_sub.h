// SPDX-License-Identifier: Apache-2.0
// RedisPubSub: pubsub.redis, topics as streams and groups as consumer groups. Publishing that may
// block runs on the caller's thread, other publishing shares a channel with all acknowledgements;
// each subscription reads over a connection of its own. It starts no thread and never resends.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/pub_sub.h"
#include "redis/redis_access.h"
#include "stream_commands.h"
#include "stream_options.h"

namespace MECHA_COMPONENT {

class RedisPubSub : public PubSub {
 public:
  Status Init(const CallContext& call, const Settings& settings, Host& host) override;
  Status Ping(const CallContext& call) override { return access_.Ping(call); }
  void Suspend(bool keep_connections) override { access_.Suspend(keep_connections); }
  Status Resume(const CallContext& call) override;
  void Close() override { access_.Close(); }

  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override;
  void PublishMany(const CallContext& call, std::string_view topic,
                   std::span<const OutgoingMessage> messages,
                   Done<std::vector<PublishOutcome>> done) override;
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call,
                                            const SubscribeRequest& request,
                                            FeedListener& listener) override;

 private:
  Trim NewTrim() const;

  Host* host_ = nullptr;
  StreamOptions options_;
  RedisAccess access_;
};

}  // namespace MECHA_COMPONENT
