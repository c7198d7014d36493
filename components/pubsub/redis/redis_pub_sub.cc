// SPDX-License-Identifier: Apache-2.0
#include "redis_pub_sub.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "contract/registry.h"
#include "publish_request.h"
#include "redis_feed.h"
#include "stream_publisher.h"
#include "stream_scripts.h"

namespace MECHA_COMPONENT {

extern const ComponentInfo kComponentInfo;

namespace {

// A settlement waits so long at most, for the connection and for its answer.
Duration PatienceOf(const RedisOptions& options) {
  constexpr Duration kLongest = std::chrono::seconds(30);
  return std::min(options.dial_timeout, kLongest) + std::min(options.read_timeout, kLongest);
}

Status CheckName(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > RedisCommands::kLongestCopied) {
    return InvalidArgument(std::string(what) + " must have from 1 to " +
                           std::to_string(RedisCommands::kLongestCopied) + " bytes");
  }
  return OkStatus();
}

}  // namespace

Status RedisPubSub::Init(const CallContext& call, const Settings& settings, Host& host) {
  host_ = &host;
  ASSIGN_OR_RETURN(options_, ReadStreamOptions(settings));
  return access_.Open(call, settings, host);
}

Status RedisPubSub::Resume(const CallContext&) {
  access_.Resume();
  return OkStatus();
}

// The clock is asked only where it matters.
Trim RedisPubSub::NewTrim() const {
  const bool trims = options_.oldest.count() > 0;
  return TrimOf(options_, trims ? host_->clock().WallNow() : WallTime());
}

void RedisPubSub::Publish(const CallContext& call, std::string_view topic,
                          const OutgoingMessage& message, Done<std::string> done) {
  const Trim trim = NewTrim();
  auto request = std::make_unique<PublishRequest>(call, topic, message, trim, std::move(done));
  if (!call.may_block) {
    if (request->fits()) {
      access_.channel().Submit(std::move(request));
    } else {
      std::move(request->TakeDone())(WouldBlock());
    }
    return;
  }
  const RedisAccess::Caller caller(access_);
  if (caller.is_in_crowd() && request->fits()) {
    access_.NextLine().Run(call, *request);
    request->Complete();
    return;
  }
  auto outcomes = PublishEach(access_.pool(), call, topic, {&message, 1}, trim);
  std::move(request->TakeDone())(outcomes.ok() ? std::move(outcomes->front()) : outcomes.status());
}

void RedisPubSub::PublishMany(const CallContext& call, std::string_view topic,
                              std::span<const OutgoingMessage> messages,
                              Done<std::vector<PublishOutcome>> done) {
  if (!call.may_block) {
    std::move(done)(WouldBlock());
    return;
  }
  const Trim trim = NewTrim();
  std::move(done)(PublishEach(access_.pool(), call, topic, messages, trim));
}

StatusOr<std::unique_ptr<Feed>> RedisPubSub::Subscribe(const CallContext& call,
                                                       const SubscribeRequest& request,
                                                       FeedListener& listener) {
  RETURN_IF_ERROR(CheckName("the topic", request.topic));
  RETURN_IF_ERROR(CheckName("consumerID", request.group));
  RETURN_IF_ERROR(CheckName("the consumer's name", request.consumer));
  if (request.consumer == kReturned) {
    return InvalidArgument("no consumer may be called " + std::string(kReturned));
  }
  StreamPlace place{std::string(request.topic), std::string(request.group),
                    std::string(request.consumer)};
  const auto keeper = std::make_shared<StreamKeeper>(
      *host_, access_.shared_channel(), std::move(place), options_, PatienceOf(access_.options()));
  const auto reader =
      std::make_shared<StreamReader>(*host_, access_.options(), options_, keeper, listener);
  RETURN_IF_ERROR(reader->Start(call));
  return std::unique_ptr<Feed>(std::make_unique<RedisFeed>(reader, keeper, options_));
}

namespace {

std::unique_ptr<PubSub> Make() { return std::make_unique<RedisPubSub>(); }

}  // namespace

MECHA_RUNS_AT_START void Register(Registry& registry) { registry.Add(kComponentInfo, Make); }

}  // namespace MECHA_COMPONENT
