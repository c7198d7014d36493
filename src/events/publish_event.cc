// SPDX-License-Identifier: Apache-2.0
#include "events/publish_event.h"

#include <chrono>
#include <optional>
#include <string>

#include "encoding/json.h"
#include "encoding/json_scanner.h"
#include "encoding/media_type.h"
#include "encoding/quoted.h"
#include "encoding/utf8.h"
#include "events/event_defaults.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;
using std::chrono::seconds;

std::string_view FirstGiven(std::string_view wanted, std::string_view otherwise) {
  return wanted.empty() ? otherwise : wanted;
}

bool IsBinaryType(std::string_view content_type) {
  return IsMediaType(content_type, kBinaryType) || IsMediaType(content_type, kEventProtobufType) ||
         IsMediaType(content_type, kProtobufType);
}

// Text that JSON cannot hold as a string goes as bytes, so that nothing of it is lost.
void SetText(CloudEvent& event) {
  event.data_kind = IsValidUtf8(event.data.view()) ? Kind::kText : Kind::kBinary;
}

// Data of type application/json that is not JSON: Dapr writes it as a string.
void SetQuoted(CloudEvent& event) {
  SetText(event);
  if (event.data_kind == Kind::kText) {
    // As JSON, so that a handler gets the same from a broker in memory and from one that encodes.
    std::string quoted;
    AppendJsonString(quoted, event.data.view());
    event.data = Buffer::CopyOf(quoted);
    event.data_kind = Kind::kJson;
  }
}

Status SetJson(CloudEvent& event, Strictness strictness) {
  JsonScanner scanner(event.data.view(), kDeepestEvent - 1);  // the envelope is one level more
  const std::optional<JsonValue> value = scanner.TakeValue();
  if (value.has_value() && scanner.IsAtEnd()) {
    event.data_kind = Kind::kJson;
    if (value->raw.size() != event.data.size()) {
      // Blanks around a value do not survive an envelope: no broker keeps them.
      event.data = Buffer::CopyOf(value->raw);
    }
    return OkStatus();
  }
  if (strictness == Strictness::kStrict) {
    return InvalidArgument(
        "the content type is application/json but the data is not JSON, at byte " +
        std::to_string(scanner.position()) + ": " +
        (value.has_value() ? "there is more behind the value" : scanner.error()) +
        "; mend the data or publish it as text/plain");
  }
  SetQuoted(event);
  return OkStatus();
}

Status SetData(const Publication& publication, Strictness strictness, CloudEvent& event) {
  event.datacontenttype = FirstGiven(publication.content_type, kTextType);
  event.data = publication.data;
  if (event.data.is_null()) {
    return OkStatus();
  }
  if (IsMediaType(event.datacontenttype, kJsonType)) {
    return SetJson(event, strictness);
  }
  if (IsBinaryType(event.datacontenttype)) {
    event.data_kind = Kind::kBinary;
  } else {
    SetText(event);
  }
  return OkStatus();
}

// All three, or none where the call is not traced: an empty traceparent would be no W3C one.
void SetTrace(const PublishMetadata& metadata, const Publisher& publisher, CloudEvent& event) {
  const std::string_view parent = FirstGiven(metadata.traceparent, publisher.traceparent);
  if (!parent.empty()) {
    event.traceparent = event.traceid = parent;
    event.tracestate = "";
  }
  if (!metadata.traceid.empty()) {
    event.traceid = metadata.traceid;
  }
  const std::string_view state = FirstGiven(metadata.tracestate, publisher.tracestate);
  if (!state.empty()) {
    event.tracestate = state;
  }
}

Status CheckText(const CloudEvent& event) {
  for (const EventAttribute& attribute : kEventAttributes) {
    const std::string_view value = event.*attribute.member;
    if (value.empty() || IsAscii(value)) {
      continue;  // as nearly all
    }
    if (const size_t valid = ValidUtf8Prefix(value); valid != value.size()) {
      return InvalidArgument("the CloudEvent's attribute " + Quoted(attribute.name) +
                             " is not UTF-8 at its byte " + std::to_string(valid));
    }
  }
  return OkStatus();
}

void SetIfAbsent(std::string_view& attribute, std::string_view value) {
  if (attribute.data() == nullptr) {
    attribute = value;
  }
}

}  // namespace

std::string_view EventDraft::MakeId(std::span<const unsigned char, 16> random) {
  WriteUuid(random, id_.data());
  return {id_.data(), id_.size()};
}

// Seconds suffice, as in Dapr; UTC, since the local zone is the host's environment.
std::string_view EventDraft::MakeTime(WallTime now) {
  return {time_.data(), WriteRfc3339(std::chrono::floor<seconds>(now), time_.data())};
}

// Rounded up: an event never expires before its time.
std::string_view EventDraft::MakeExpiration(WallTime now, Duration ttl) {
  constexpr WallTime kLast = std::chrono::floor<seconds>(WallTime::max());
  const WallTime end = now < kLast - ttl ? WallTime(std::chrono::ceil<seconds>(now + ttl)) : kLast;
  return {expiration_.data(), WriteRfc3339(end, expiration_.data())};
}

Status EventDraft::Make(const Publication& publication, const PublishMetadata& metadata,
                        const Publisher& publisher) {
  RETURN_IF_ERROR(IsMediaType(publication.content_type, kEventJsonType)
                      ? AdoptEvent(publication, publisher)
                      : WrapData(publication, metadata, publisher));
  // What is set whoever made the envelope.
  CloudEvent& made = event();
  made.topic = publication.topic;
  made.pubsubname = publication.pubsub_name;
  if (metadata.ttl.has_value() && !publisher.has_native_ttl) {
    made.expiration = MakeExpiration(publisher.now, *metadata.ttl);
  }
  return CheckText(made);
}

Status EventDraft::WrapData(const Publication& publication, const PublishMetadata& metadata,
                            const Publisher& publisher) {
  event_.id = metadata.id.empty() ? MakeId(publisher.random) : metadata.id;
  event_.specversion = kEventSpecVersion;
  event_.type = FirstGiven(metadata.type, kEventType);
  event_.source = FirstGiven(metadata.source, FirstGiven(publisher.app_id, kEventSource));
  if (!metadata.subject.empty()) {
    event_.subject = metadata.subject;
  }
  event_.time = MakeTime(publisher.now);
  SetTrace(metadata, publisher, event_);
  return SetData(publication, publisher.strictness, event_);
}

// The metadata's cloudevent.* keys do not count here: the publisher wrote the envelope itself.
Status EventDraft::AdoptEvent(const Publication& publication, const Publisher& publisher) {
  reader_.emplace(publisher.pool);
  RETURN_IF_ERROR(reader_->Read(publication.data.view()));
  CloudEvent& adopted = reader_->event();
  if (adopted.id.empty() && publisher.strictness == Strictness::kStrict) {
    return InvalidArgument(
        "the CloudEvent has no id; without one nobody can tell a message that comes again from a "
        "new one, so add it");
  }
  SetIfAbsent(adopted.specversion, kEventSpecVersion);
  SetIfAbsent(adopted.type, kEventType);
  SetIfAbsent(adopted.source, kEventSource);
  SetIfAbsent(adopted.time, MakeTime(publisher.now));
  if (!publisher.traceparent.empty()) {
    if (adopted.traceid.data() == nullptr) {
      adopted.traceid = adopted.traceparent = publisher.traceparent;
    }
    SetIfAbsent(adopted.tracestate, FirstGiven(publisher.tracestate, ""));
  }
  return OkStatus();
}

StatusOr<CloudEvent> MakeEvent(const Publication& publication, const PublishMetadata& metadata,
                               const Publisher& publisher) {
  EventDraft draft;
  RETURN_IF_ERROR(draft.Make(publication, metadata, publisher));
  OwnText(draft.event(), publisher.pool);
  return std::move(draft.event());
}

}  // namespace mecha
