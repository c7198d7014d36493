// SPDX-License-Identifier: Apache-2.0
#include "events/received_event.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "encoding/ascii.h"
#include "encoding/json.h"
#include "encoding/media_type.h"
#include "encoding/quoted.h"
#include "encoding/rfc3339.h"
#include "encoding/utf8.h"
#include "events/event_defaults.h"
#include "events/event_reader.h"

namespace mecha {
namespace {

using Kind = CloudEvent::DataKind;

constexpr std::string_view kBinaryPrefix = "ce_";

using BrokerMetadata = std::span<const std::pair<std::string, std::string>>;

std::optional<std::string_view> Find(BrokerMetadata metadata, std::string_view wanted) {
  const auto found = std::ranges::find_if(
      metadata, [&](const auto& entry) { return EqualsIgnoringCase(entry.first, wanted); });
  return found == metadata.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

bool IsBinaryMode(const ReceivedMessage& message) {
  return IsMediaType(message.content_type, kBinaryType) ||
         IsMediaType(Find(message.metadata, "content-type").value_or(""), kBinaryType);
}

void AddTrace(BrokerMetadata metadata, CloudEvent& event) {
  const auto add = [&](std::string_view name, std::string_view& attribute) {
    if (attribute.data() != nullptr) {
      return;
    }
    const std::optional<std::string_view> value = Find(metadata, name);
    if (value.has_value() && !value->empty() && IsValidUtf8(*value)) {
      attribute = *value;
    }
  };
  add("traceid", event.traceid);
  add("traceparent", event.traceparent);
  add("tracestate", event.tracestate);
}

Status CheckText(std::string_view key, std::string_view value) {
  if (const size_t valid = ValidUtf8Prefix(value); valid != value.size()) {
    return InvalidArgument("the CloudEvent is malformed: the metadata " + Quoted(key) +
                           " is not UTF-8 at its byte " + std::to_string(valid));
  }
  return OkStatus();
}

// What the data is, by its content type and by what it holds.
Kind KindOf(std::string_view content_type, std::string_view data) {
  if (IsMediaType(content_type, kJsonType) && IsJson(data)) {
    return Kind::kJson;
  }
  return IsMediaType(content_type, kBinaryType) || !IsValidUtf8(data) ? Kind::kBinary : Kind::kText;
}

Status AlreadyThere(std::string_view key) {
  return InvalidArgument("the CloudEvent is malformed: the metadata " + Quoted(key) +
                         " is there a second time");
}

// The attributes of binary content mode, one by one.
class BinaryAttributes {
 public:
  Status Add(std::string_view key, std::string_view value) {
    RETURN_IF_ERROR(CheckText(key, key));
    RETURN_IF_ERROR(CheckText(key, value));
    const std::string_view name = key.substr(kBinaryPrefix.size());
    if (EqualsIgnoringCase(name, "data") || EqualsIgnoringCase(name, "data_base64")) {
      return InvalidArgument("the CloudEvent is malformed: the metadata " + Quoted(key) +
                             " is no attribute; in binary mode the data is the message itself");
    }
    const auto* const known = std::ranges::find_if(
        kEventAttributes, [&](const auto& each) { return EqualsIgnoringCase(each.name, name); });
    return known == std::end(kEventAttributes) ? AddExtension(key, name, value)
                                               : AddKnown(key, known->member, value);
  }
  // Its views point into the metadata and into this.
  CloudEvent Take() {
    event_.extensions = extensions_;
    return event_;
  }

 private:
  Status AddKnown(std::string_view key, std::string_view CloudEvent::*member,
                  std::string_view value) {
    if ((event_.*member).data() != nullptr) {
      return AlreadyThere(key);
    }
    event_.*member = value;
    return OkStatus();
  }
  Status AddExtension(std::string_view key, std::string_view name, std::string_view value) {
    if (std::ranges::any_of(extensions_, [&](const auto& each) { return each.name == name; })) {
      return AlreadyThere(key);
    }
    AppendJsonString(texts_.emplace_back(), value);
    extensions_.push_back({name, texts_.back()});
    return OkStatus();
  }

  CloudEvent event_;
  std::vector<CloudEvent::Extension> extensions_;
  std::deque<std::string> texts_;  // a deque: views of its strings stay
};

StatusOr<CloudEvent> ReadBinary(const ReceivedMessage& message) {
  BinaryAttributes attributes;
  for (const auto& [key, value] : message.metadata) {
    const std::string_view prefix = std::string_view(key).substr(0, kBinaryPrefix.size());
    if (EqualsIgnoringCase(prefix, kBinaryPrefix)) {
      RETURN_IF_ERROR(attributes.Add(key, value));
    }
  }
  CloudEvent event = attributes.Take();
  if (event.datacontenttype.data() == nullptr) {
    event.datacontenttype = kBinaryType;
  }
  event.data = message.data;
  event.data_kind =
      event.data.is_null() ? Kind::kNone : KindOf(event.datacontenttype, event.data.view());
  AddTrace(message.metadata, event);
  OwnText(event, message.pool);
  return event;
}

StatusOr<CloudEvent> ReadStructured(const ReceivedMessage& message) {
  EventReader reader(message.pool);
  RETURN_IF_ERROR(reader.Read(message.data.view()));
  AddTrace(message.metadata, reader.event());
  OwnText(reader.event(), message.pool);
  return std::move(reader.event());
}

}  // namespace

StatusOr<CloudEvent> ReadEvent(const ReceivedMessage& message) {
  return IsBinaryMode(message) ? ReadBinary(message) : ReadStructured(message);
}

bool HasExpired(const CloudEvent& event, WallTime now) {
  if (event.expiration.empty()) {
    return false;
  }
  const std::optional<UtcTime> end = ParseRfc3339(event.expiration);
  return end.has_value() && *end < now;
}

}  // namespace mecha
