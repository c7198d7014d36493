// SPDX-License-Identifier: Apache-2.0
#include "mecha/pubsub.h"

#include <span>

#include "capi/convert.h"
#include "capi/submit.h"
#include "pubsub/pubsub_block.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::capi {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// Of a call's arguments.
struct Publication {
  mecha_view pubsub;
  mecha_view topic;
  std::span<const mecha_message> messages;
};

Status CheckMessage(const mecha_message& message) {
  for (const mecha_view view : {message.content_type, message.id, message.key,
                                mecha_view{message.data.data, message.data.size}}) {
    if (!IsWellFormed(view)) {
      return InvalidArgument("mecha_message has a NULL pointer with a size that is not 0");
    }
  }
  if ((message.flags & ~MECHA_MESSAGE_RAW) != 0) {
    return InvalidArgument("mecha_message.flags has an unknown flag; known: MECHA_MESSAGE_RAW");
  }
  if (message.metadata == nullptr && message.metadata_count != 0) {
    return InvalidArgument("mecha_message.metadata is NULL but metadata_count is not 0");
  }
  for (size_t i = 0; i < message.metadata_count; ++i) {
    if (!IsWellFormed(message.metadata[i].key) || !IsWellFormed(message.metadata[i].value)) {
      return InvalidArgument("mecha_message.metadata has a NULL key or value with a size");
    }
  }
  return OkStatus();
}

// `room` has place for the message's metadata and keeps it where it is.
MessageRequest ToRequest(const mecha_message& message, Pairs& room) {
  MessageRequest request;
  request.data = ToInput(message.data);
  request.content_type = ToText(message.content_type);
  request.id = ToText(message.id);
  request.key = ToText(message.key);
  request.ttl_ms = message.ttl_ms;
  request.is_raw = (message.flags & MECHA_MESSAGE_RAW) != 0;
  const size_t first = room.size();
  for (size_t i = 0; i < message.metadata_count; ++i) {
    room.emplace_back(ToText(message.metadata[i].key), ToText(message.metadata[i].value));
  }
  request.metadata = Metadata(room).subspan(first);
  return request;
}

StatusOr<Prepared> PreparePublish(Runtime& runtime, const CallOptions& options,
                                  const Publication& publication,
                                  const mecha_publish_options* given) {
  mecha_publish_options known;
  RETURN_IF_ERROR(ReadStruct(given, &known));
  if (!IsWellFormed(publication.pubsub) || !IsWellFormed(publication.topic)) {
    return InvalidArgument("pubsub or topic is NULL but has a size");
  }
  size_t entries = 0;
  for (const mecha_message& message : publication.messages) {
    RETURN_IF_ERROR(CheckMessage(message));
    entries += message.metadata_count;
  }
  ASSIGN_OR_RETURN(PubSubBlock * block,
                   runtime.components().FindPubSub(ToText(publication.pubsub)));
  Pairs metadata;
  metadata.reserve(entries);
  const std::string_view topic = ToText(publication.topic);
  if (publication.messages.size() == 1) {
    const MessageRequest one = ToRequest(publication.messages[0], metadata);
    return block->Publish(options, {.topic = topic, .messages = {&one, 1}});
  }
  std::vector<MessageRequest> requests;
  requests.reserve(publication.messages.size());
  for (const mecha_message& message : publication.messages) {
    requests.push_back(ToRequest(message, metadata));
  }
  return block->Publish(options, {.topic = topic, .messages = requests});
}

// Data handed in must be released, also when no operation came of it.
void ReleaseAll(std::span<const mecha_message> messages) {
  for (const mecha_message& message : messages) {
    if (message.data.release != nullptr) {
      message.data.release(message.data.ctx);
    }
  }
}

}  // namespace
}  // namespace mecha::capi

extern "C" {

mecha_status mecha_publish(mecha_runtime* rt, const mecha_call* call, mecha_view pubsub,
                           mecha_view topic, const mecha_message* messages, size_t count,
                           const mecha_publish_options* options, mecha_result** out) {
  if (messages == nullptr && count != 0) {
    return mecha::capi::Refuse(rt, mecha::InvalidArgument("messages is NULL but count is not 0"),
                               out);
  }
  const mecha::capi::Publication publication{pubsub, topic, {messages, count}};
  bool is_taken = false;
  const mecha_status status = mecha::capi::Submit(
      rt, call, out, pubsub, [&](mecha::Runtime& runtime, const mecha::CallOptions& how) {
        auto prepared = mecha::capi::PreparePublish(runtime, how, publication, options);
        is_taken = prepared.ok();
        return prepared;
      });
  if (!is_taken) {
    mecha::capi::ReleaseAll(publication.messages);
  }
  return status;
}

}  // extern "C"
