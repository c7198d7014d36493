// SPDX-License-Identifier: Apache-2.0
// PublishRequest: one short message on a connection that many share. As RedisRequest says.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "contract/pub_sub.h"
#include "redis/redis_request.h"
#include "result/done.h"
#include "stream_commands.h"
#include "stream_metadata.h"

namespace MECHA_COMPONENT {

// The id in the reply to AddPublish, when it is no error.
PublishOutcome ReadEntryId(const Reply& reply);

class PublishRequest final : public RedisRequest {
 public:
  // `topic` and the payload stay valid until `done` has run.
  PublishRequest(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
                 const Trim& trim, Done<std::string> done)
      : RedisRequest(call),
        topic_(topic),
        payload_(message.payload),
        json_(MetadataToJson(message.metadata, message.key)),
        trim_(trim),
        done_(std::move(done)) {}

  // Whether it can go this way: a long one would be sent from memory that a call which ended early
  // has taken back.
  bool fits() const {
    return topic_.size() <= RedisCommands::kLongestCopied &&
           payload_.size() <= RedisCommands::kLongestCopied &&
           json_.size() <= RedisCommands::kLongestCopied;
  }
  Done<std::string> TakeDone() { return std::move(done_); }

  void AddCommand(RedisCommands& commands) override {
    AddPublish(commands, {topic_, payload_, json_}, trim_);
  }
  bool Take(Reply& reply) override {
    outcome_ = reply.is_error() ? PublishOutcome(ErrorOf(reply)) : ReadEntryId(reply);
    return true;
  }
  void Fail(Status status) override { outcome_ = std::move(status); }
  void Complete() override { std::move(done_)(std::move(outcome_)); }
  bool is_write() const override { return true; }

 private:
  const std::string_view topic_;
  const std::string_view payload_;
  const std::string json_;
  const Trim trim_;
  PublishOutcome outcome_ = std::string();
  Done<std::string> done_;
};

}  // namespace MECHA_COMPONENT
