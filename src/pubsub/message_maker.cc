// SPDX-License-Identifier: Apache-2.0
#include "pubsub/message_maker.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "encoding/ascii.h"
#include "encoding/quoted.h"
#include "events/event_defaults.h"
#include "events/event_encoding.h"
#include "events/publish_event.h"

namespace mecha {
namespace {

using std::chrono::milliseconds;

// The duration of a message's ttl_ms, which is above zero; as long as a clock can count.
Duration DurationOf(int64_t ttl_ms) {
  constexpr int64_t kMost = std::chrono::floor<milliseconds>(Duration::max()).count();
  return milliseconds(std::min(ttl_ms, kMost));
}

// The ordering key where it is given as brokers of Dapr's know it.
std::string_view KeyOf(Metadata metadata) {
  for (const auto& [name, value] : metadata) {
    if (EqualsIgnoringCase(name, "partitionKey")) {
      return value;
    }
  }
  return {};
}

}  // namespace

MessageMaker::MessageMaker(PubSubBlock& block, const Call& call)
    : block_(block), call_(call), now_(block.service().host().clock().WallNow()) {}

Status MessageMaker::CheckSize(const MessageRequest& request) const {
  const size_t size = request.data.bytes.size();
  const size_t most = block_.options().limits.most_message_bytes;
  if (size <= most) {
    return OkStatus();
  }
  return Status(StatusCode::kOutOfRange,
                "the message has " + std::to_string(size) + " bytes and the limit is " +
                    std::to_string(most) +
                    "; keep the data elsewhere and publish where it is, or raise the setting "
                    "max_message_bytes");
}

StatusOr<MessageMaker::Terms> MessageMaker::ReadTerms(const MessageRequest& request,
                                                      Metadata metadata) const {
  Terms terms;
  if (!metadata.empty()) {
    ASSIGN_OR_RETURN(terms.read, ReadPublishMetadata(metadata));
  }
  terms.is_raw = request.is_raw || terms.read.is_raw;
  if (!request.id.empty()) {
    terms.read.id = request.id;
  }
  if (request.ttl_ms < 0) {
    return InvalidArgument("ttl_ms is " + std::to_string(request.ttl_ms) +
                           "; it must be 0 (never expires, or what the metadata says) or a number "
                           "of milliseconds");
  }
  if (request.ttl_ms > 0) {
    terms.read.ttl = DurationOf(request.ttl_ms);
  }
  if (terms.is_raw && terms.read.ttl.has_value() && !block_.has_native_ttl()) {
    return Unimplemented(
        "the broker cannot expire messages, and a raw one has no envelope that could say when it "
        "is too old; publish it without a TTL, or in an envelope");
  }
  return terms;
}

// The call's entries that the message does not replace, then the message's own.
Metadata MessageMaker::Merge(Metadata own, MadeMessage& made) {
  if (own.empty()) {
    return call_.metadata;
  }
  const auto is_replaced = [own](std::string_view key) {
    return std::ranges::any_of(
        own, [key](const auto& entry) { return EqualsIgnoringCase(entry.first, key); });
  };
  for (const auto& entry : call_.metadata) {
    if (!is_replaced(entry.first)) {
      made.metadata.push_back(entry);
    }
  }
  for (const auto& [key, value] : own) {
    made.metadata.emplace_back(Keep(key), Keep(value));
  }
  return made.metadata;
}

Status MessageMaker::Make(const MessageRequest& request, MadeMessage& made) {
  RETURN_IF_ERROR(CheckSize(request));
  made.message.metadata = Merge(request.metadata, made);
  ASSIGN_OR_RETURN(const Terms terms, ReadTerms(request, made.message.metadata));
  made.message.accepted = now_;
  made.message.key = request.key.empty() ? KeyOf(made.message.metadata) : Keep(request.key);
  if (block_.has_native_ttl() && terms.read.ttl.has_value()) {
    made.message.ttl = std::chrono::ceil<milliseconds>(*terms.read.ttl);
  }
  return terms.is_raw ? MakeRaw(request, made) : MakeEnvelope(request, terms.read, made);
}

Status MessageMaker::MakeRaw(const MessageRequest& request, MadeMessage& made) {
  const bool must_copy = call_.options.must_copy && request.data.release == nullptr;
  made.message.payload = call_.inputs.Keep(request.data.bytes, must_copy);
  made.message.content_type = Keep(request.content_type);
  made.id.Assign(request.id);
  made.bytes = made.message.payload.size();
  return OkStatus();
}

Status MessageMaker::MakeEnvelope(const MessageRequest& request, const PublishMetadata& read,
                                  MadeMessage& made) {
  const std::string_view data = request.data.bytes;
  BlockPool* const pool = block_.pool();
  const MessageIds::Id random = block_.ids().Next(now_);
  const Publication publication{
      .pubsub_name = block_.service().identity().name,
      .topic = call_.topic,
      .content_type = request.content_type,
      .data = data.data() == nullptr ? Buffer() : Buffer::CopyOf(data, pool)};
  const Publisher publisher{.app_id = block_.options().app_id,
                            .traceparent = call_.options.traceparent,
                            .tracestate = call_.options.tracestate,
                            .now = now_,
                            .random = random,
                            .has_native_ttl = block_.has_native_ttl(),
                            .strictness = block_.options().strictness,
                            .pool = pool};
  EventDraft draft;
  RETURN_IF_ERROR(draft.Make(publication, read, publisher));
  CloudEvent& event = draft.event();
  made.id.Assign(event.id);
  if (!request.id.empty() && event.id != request.id) {
    return InvalidArgument("the message's id is " + Quoted(request.id) +
                           ", but its data is an envelope with the id " + Quoted(event.id) +
                           "; leave the one of the message out");
  }
  if (block_.keeps_events()) {
    made.bytes = event.data.size();
    made.message.event = ShareEvent(event, pool);
    return OkStatus();
  }
  made.payload = EncodeEvent(event, pool);
  made.message.payload = made.payload.view();
  made.message.content_type = kEventJsonType;
  made.bytes = made.payload.size();
  return OkStatus();
}

}  // namespace mecha
