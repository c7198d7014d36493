// SPDX-License-Identifier: Apache-2.0
#include "events/publish_event.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "encoding/json.h"
#include "encoding/json_scanner.h"
#include "encoding/media_type.h"
#include "encoding/quoted.h"
#include "encoding/rfc3339.h"
#include "encoding/utf8.h"
#include "encoding/uuid.h"
#include "events/event_defaults.h"
#include "events/event_reader.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;
using std::chrono::seconds;

std::string_view FirstGiven(std::string_view wanted, std::string_view otherwise) {
  return wanted.empty() ? otherwise : wanted;
}

// Room for the texts that are made here, until the event owns its text.
class MadeText {
 public:
  std::string_view Id(std::span<const unsigned char, 16> random) {
    WriteUuid(random, id_.data());
    return {id_.data(), id_.size()};
  }
  // Seconds suffice, as in Dapr; UTC, since the local zone is the host's environment.
  std::string_view Time(WallTime now) {
    return {time_.data(), WriteRfc3339(std::chrono::floor<seconds>(now), time_.data())};
  }
  // Rounded up: an event never expires before its time.
  std::string_view Expiration(WallTime now, Duration ttl) {
    constexpr WallTime kLast = std::chrono::floor<seconds>(WallTime::max());
    const WallTime end =
        now < kLast - ttl ? WallTime(std::chrono::ceil<seconds>(now + ttl)) : kLast;
    return {expiration_.data(), WriteRfc3339(end, expiration_.data())};
  }

 private:
  std::array<char, kUuidSize> id_;
  std::array<char, kRfc3339Most> time_;
  std::array<char, kRfc3339Most> expiration_;
};

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

// Of an event that owns its text.
Status CheckText(const CloudEvent& event) {
  const std::string_view text = event.text.view().substr(event.extensions.size_bytes());
  unsigned char all = 0;
  for (const char each : text.substr(0, text.size() - 1)) {
    all |= static_cast<unsigned char>(each);
  }
  if (all < 0x80) {
    return OkStatus();  // what most have
  }
  for (const EventAttribute& attribute : kEventAttributes) {
    const std::string_view value = event.*attribute.member;
    if (const size_t valid = ValidUtf8Prefix(value); valid != value.size()) {
      return InvalidArgument("the CloudEvent's attribute " + Quoted(attribute.name) +
                             " is not UTF-8 at its byte " + std::to_string(valid));
    }
  }
  return OkStatus();
}

// What is set whoever made the envelope.
Status Finish(const Publication& publication, const PublishMetadata& metadata,
              const Publisher& publisher, MadeText& made, CloudEvent& event) {
  event.topic = publication.topic;
  event.pubsubname = publication.pubsub_name;
  if (metadata.ttl.has_value() && !publisher.has_native_ttl) {
    event.expiration = made.Expiration(publisher.now, *metadata.ttl);
  }
  OwnText(event, publisher.pool);
  return CheckText(event);
}

StatusOr<CloudEvent> WrapData(const Publication& publication, const PublishMetadata& metadata,
                              const Publisher& publisher) {
  MadeText made;
  CloudEvent event;
  event.id = metadata.id.empty() ? made.Id(publisher.random) : metadata.id;
  event.specversion = kEventSpecVersion;
  event.type = FirstGiven(metadata.type, kEventType);
  event.source = FirstGiven(metadata.source, FirstGiven(publisher.app_id, kEventSource));
  if (!metadata.subject.empty()) {
    event.subject = metadata.subject;
  }
  event.time = made.Time(publisher.now);
  SetTrace(metadata, publisher, event);
  RETURN_IF_ERROR(SetData(publication, publisher.strictness, event));
  RETURN_IF_ERROR(Finish(publication, metadata, publisher, made, event));
  return event;
}

void SetIfAbsent(std::string_view& attribute, std::string_view value) {
  if (attribute.data() == nullptr) {
    attribute = value;
  }
}

// The metadata's cloudevent.* keys do not count here: the publisher wrote the envelope itself.
StatusOr<CloudEvent> AdoptEvent(const Publication& publication, const PublishMetadata& metadata,
                                const Publisher& publisher) {
  MadeText made;
  EventReader reader(publisher.pool);
  RETURN_IF_ERROR(reader.Read(publication.data.view()));
  CloudEvent& event = reader.event();
  if (event.id.empty() && publisher.strictness == Strictness::kStrict) {
    return InvalidArgument(
        "the CloudEvent has no id; without one nobody can tell a message that comes again from a "
        "new one, so add it");
  }
  SetIfAbsent(event.specversion, kEventSpecVersion);
  SetIfAbsent(event.type, kEventType);
  SetIfAbsent(event.source, kEventSource);
  SetIfAbsent(event.time, made.Time(publisher.now));
  if (!publisher.traceparent.empty()) {
    if (event.traceid.data() == nullptr) {
      event.traceid = event.traceparent = publisher.traceparent;
    }
    SetIfAbsent(event.tracestate, FirstGiven(publisher.tracestate, ""));
  }
  RETURN_IF_ERROR(Finish(publication, metadata, publisher, made, event));
  return std::move(event);
}

}  // namespace

StatusOr<CloudEvent> MakeEvent(const Publication& publication, const PublishMetadata& metadata,
                               const Publisher& publisher) {
  return IsMediaType(publication.content_type, kEventJsonType)
             ? AdoptEvent(publication, metadata, publisher)
             : WrapData(publication, metadata, publisher);
}

}  // namespace mecha
