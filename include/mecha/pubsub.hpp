// SPDX-License-Identifier: Apache-2.0
// Pub/sub: messages to the topics of a broker that the resources name, by PubSub, a handle to one
// pubsub component. pubsub.h tells what travels with a message; it is the same here.
//
// Every verb has two forms: Publish blocks and returns a Result; PublishAsync reports to a Queue
// and returns an Event that is pending, or over already (submitting failed, or may_finish_inline).
#ifndef MECHA_PUBSUB_HPP
#define MECHA_PUBSUB_HPP

#include "pubsub.h"
#include "queue.hpp"

namespace mecha {
namespace v0 {

/// One message to publish. Borrows its texts. Make it with Of or Json.
struct Message {
  std::string_view data{};
  std::string_view content_type{};   ///< empty: text/plain
  std::string_view id{};             ///< empty: a new UUID
  std::string_view key{};            ///< messages of one key stay in order, where the broker can
  std::chrono::milliseconds ttl{0};  ///< 0 = never expires, or what the metadata says
  bool is_raw = false;               ///< no envelope: the bytes go to the broker as they are
  Span<Entry> metadata{};            ///< borrowed: keep the entries in a variable

  static Message Of(std::string_view data, std::string_view content_type = {}) {
    Message message;
    message.data = data;
    message.content_type = content_type;
    return message;
  }
  /// `data` must be JSON; handlers get it as it is written here.
  static Message Json(std::string_view data) { return Of(data, "application/json"); }
};

/// What publishing one message returned.
class Published {
 public:
  explicit Published(Answer answer) noexcept : answer_(std::move(answer)) {}

  static Result<Published> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<Published>(Published(std::move(answer)), status);
  }

  /// The message's id; empty for a raw message that was given none. Lives as long as this object.
  std::string_view id() const noexcept { return answer_.item(0).key; }
  /// The broker's own id for it; empty where it has none.
  std::string_view broker_id() const noexcept { return answer_.item(0).etag; }
  /// The answer it reads from.
  const Answer& answer() const noexcept { return answer_; }

 private:
  Answer answer_;
};

/// What publishing several messages returned, one item per message and in that order.
class PublishedMany {
 public:
  explicit PublishedMany(Answer answer) noexcept : answer_(std::move(answer)) {}

  /// Where some messages failed the status is kPartial, and ok() is true. Where none was taken it
  /// is an Error; its answer() has the items.
  static Result<PublishedMany> From(Status status, Answer answer) {
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<PublishedMany>(PublishedMany(std::move(answer)), status);
  }

  std::size_t size() const noexcept { return answer_.size(); }
  /// Message `index`: its status, its id as the key, the broker's as the etag.
  Item operator[](std::size_t index) const noexcept { return answer_.item(index); }
  /// Why message `index` failed, for a person.
  std::string_view Message(std::size_t index) const noexcept { return answer_.ItemMessage(index); }

 private:
  Answer answer_;
};

/// A cheap, copyable handle to one pubsub component of a runtime. Methods may be called from any
/// thread. An unknown component shows at the first call, as an Error that lists those loaded.
class PubSub {
 public:
  /// As Runtime::pubsub. `runtime` outlives this object and its copies.
  PubSub(const Runtime& runtime, std::string_view name) : runtime_(runtime.get()), name_(name) {}

  /// The component's name.
  const std::string& name() const noexcept { return name_; }

  /// Publishes one message; blocks until the broker has it.
  Result<Published> Publish(std::string_view topic, const Message& message,
                            const CallOptions& call = {}) const {
    detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallPublish(block, topic, {&message, 1}, &result);
    return Published::From(static_cast<Status>(status), Answer(result));
  }
  /// As Publish, reporting to `queue`: Take<Published>() its event.
  Event PublishAsync(const Queue& queue, std::uint64_t token, std::string_view topic,
                     const Message& message, const CallOptions& call = {}) const {
    detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallPublish(block, topic, {&message, 1}, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Publishes several messages, each of which succeeds or fails by itself; blocks.
  Result<PublishedMany> PublishMany(std::string_view topic, Span<Message> messages,
                                    const CallOptions& call = {}) const {
    detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status = CallPublish(block, topic, messages, &result);
    return PublishedMany::From(static_cast<Status>(status), Answer(result));
  }
  /// As PublishMany, reporting to `queue`: Take<PublishedMany>() its event.
  Event PublishManyAsync(const Queue& queue, std::uint64_t token, std::string_view topic,
                         Span<Message> messages, const CallOptions& call = {}) const {
    detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status = CallPublish(block, topic, messages, &result);
    return detail::Submitted(status, block, token, result);
  }

 private:
  mecha_status CallPublish(detail::CallBlock& call, std::string_view topic, Span<Message> messages,
                           mecha_result** out) const {
    std::size_t entries = 0;
    for (const Message& message : messages) entries += message.metadata.size();
    if (entries > 0) call.CopyInputs();
    detail::SmallArray<mecha_kv, 4> metadata(entries);
    detail::SmallArray<mecha_message, 4> block(messages.size());
    mecha_kv* next = metadata.data();
    for (std::size_t i = 0; i < messages.size(); ++i) {
      block[i] = ToC(messages[i]);
      block[i].metadata = next;
      for (const Entry& entry : messages[i].metadata) *next++ = detail::ToKeyValue(entry);
    }
    return mecha_publish(runtime_, call.get(), ToView(name_), ToView(topic), block.data(),
                         block.size(), nullptr, out);
  }

  static mecha_message ToC(const Message& message) noexcept {
    mecha_message block{};
    const mecha_view data = ToView(message.data);
    block.data = {data.data, data.size, nullptr, nullptr};
    block.content_type = ToOptionalView(message.content_type);
    block.id = ToOptionalView(message.id);
    block.key = ToOptionalView(message.key);
    block.metadata_count = message.metadata.size();
    block.ttl_ms = message.ttl.count();
    if (message.is_raw) block.flags |= MECHA_MESSAGE_RAW;
    return block;
  }

  mecha_runtime* runtime_;
  std::string name_;
};

inline PubSub Runtime::pubsub(std::string_view name) const { return PubSub(*this, name); }

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_PUBSUB_HPP
