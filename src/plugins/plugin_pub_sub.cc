// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_pub_sub.h"

#include "plugins/plugin_feed.h"
#include "result/status.h"

namespace mecha {
namespace {

std::vector<mecha_kv> PairsOf(Metadata metadata) {
  std::vector<mecha_kv> pairs;
  pairs.reserve(metadata.size());
  for (const auto& [key, value] : metadata) {
    pairs.push_back({ViewOf(key), ViewOf(value)});
  }
  return pairs;
}

// Absent where it says nothing.
mecha_view ViewOrAbsent(std::string_view text) {
  return text.empty() ? mecha_view{nullptr, 0} : ViewOf(text);
}

// Several messages as the C interface has them. It points into them.
class MessageTable {
 public:
  explicit MessageTable(std::span<const OutgoingMessage> messages) {
    metadata_.reserve(messages.size());
    made_.reserve(messages.size());
    for (const OutgoingMessage& message : messages) {
      Add(message);
    }
  }

  mecha_broker_publish RequestTo(std::string_view topic) const {
    mecha_broker_publish request{};
    request.topic = ViewOf(topic);
    request.messages = made_.data();
    request.message_count = made_.size();
    return request;
  }

 private:
  void Add(const OutgoingMessage& message) {
    const std::vector<mecha_kv>& pairs = metadata_.emplace_back(PairsOf(message.metadata));
    mecha_broker_message made{};
    made.payload = ViewOf(message.payload.data() == nullptr ? std::string_view("")  // but there
                                                            : message.payload);
    made.content_type = ViewOrAbsent(message.content_type);
    made.key = ViewOrAbsent(message.key);
    made.metadata = pairs.data();
    made.metadata_count = pairs.size();
    made.ttl_ms = message.ttl.has_value() ? message.ttl->count() : 0;
    made_.push_back(made);
  }

  std::vector<std::vector<mecha_kv>> metadata_;
  std::vector<mecha_broker_message> made_;
};

}  // namespace

void PluginPubSub::Publish(const CallContext& call, std::string_view topic,
                           const OutgoingMessage& message, Done<std::string> done) {
  const MessageTable table({&message, 1});
  plugin_.Ask<std::string>(
      call, functions().publish, table.RequestTo(topic),
      {.read = ReadBrokerId, .expected = 1, .kind = TaskKind::kWrite, .reports_elsewhere = true},
      std::move(done));
}

void PluginPubSub::PublishMany(const CallContext& call, std::string_view topic,
                               std::span<const OutgoingMessage> messages,
                               Done<std::vector<PublishOutcome>> done) {
  if (functions().publish_many != nullptr) {
    const MessageTable table(messages);
    plugin_.Ask<std::vector<PublishOutcome>>(call, functions().publish_many, table.RequestTo(topic),
                                             {.read = ReadBrokerIds,
                                              .expected = messages.size(),
                                              .kind = TaskKind::kWrite,
                                              .reports_elsewhere = true},
                                             std::move(done));
    return;
  }
  if (!call.may_block) {
    std::move(done)(WouldBlock());
    return;
  }
  std::vector<PublishOutcome> outcomes;
  outcomes.reserve(messages.size());
  for (const OutgoingMessage& message : messages) {
    // This thread waits for the result, so it is there when Publish returns.
    Publish(call, topic, message,
            [&outcomes](PublishOutcome outcome) { outcomes.push_back(std::move(outcome)); });
  }
  std::move(done)(std::move(outcomes));
}

StatusOr<std::unique_ptr<Feed>> PluginPubSub::Subscribe(const CallContext& call,
                                                        const SubscribeRequest& request,
                                                        FeedListener& listener) {
  auto feed = std::make_unique<PluginFeed>(plugin_.shared_type(), plugin_.host(), listener);
  const std::vector<mecha_kv> metadata = PairsOf(request.metadata);
  mecha_feed_request asked{};
  asked.struct_size = sizeof asked;
  asked.feed = feed->number();
  asked.topic = ViewOf(request.topic);
  asked.group = ViewOf(request.group);
  asked.consumer = ViewOf(request.consumer);
  asked.metadata = metadata.data();
  asked.metadata_count = metadata.size();
  feed->SetSelf(functions().open_feed(plugin_.self(), &asked));
  if (feed->self() == nullptr) {
    return Status(StatusCode::kNoMemory,
                  "the plug-in " + plugin_.type().plugin() + " could not create its subscription");
  }
  RETURN_IF_ERROR(
      plugin_.Await(call, [&](mecha_task task) { functions().subscribe(feed->self(), task); }));
  feed->ReadLease();
  return StatusOr<std::unique_ptr<Feed>>(std::move(feed));
}

}  // namespace mecha
