// SPDX-License-Identifier: Apache-2.0
// CloudEvent: one message in its CloudEvents 1.0 envelope, as a struct. Not its JSON form: that is
// src/events/. A broker in this process hands the struct itself from publisher to handler.
// Immutable once `OwnText` has run; a copy shares all bytes, and copies may be used on any thread.
// Of a shared one (ShareEvent) only the data may be copied: its text goes with it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "result/buffer.h"

namespace mecha {

struct CloudEvent {
  enum class DataKind : uint8_t {
    kNone,    // no data at all
    kJson,    // `data` is the text of one JSON value, as the publisher wrote it
    kText,    // `data` is UTF-8 text
    kBinary,  // `data` is bytes; base64 in the envelope's JSON form
  };
  // An attribute that is none of the members below. The value is JSON text: "\"a\"", "7", "{}".
  struct Extension {
    std::string_view name;
    std::string_view json;
  };

  // A view whose data() is null is an absent attribute; an empty one is there and empty.
  std::string_view id;
  std::string_view specversion;
  std::string_view type;
  std::string_view source;
  std::string_view subject;
  std::string_view time;
  std::string_view datacontenttype;
  std::string_view topic;
  std::string_view pubsubname;
  std::string_view traceid;
  std::string_view traceparent;
  std::string_view tracestate;
  std::string_view expiration;
  std::span<const Extension> extensions;  // in the envelope's order
  DataKind data_kind = DataKind::kNone;
  Buffer data;
  // What the views and `extensions` point into once OwnText has run; null in a shared event.
  Buffer text;
};

// One of the named attributes above, by name. `kEventAttributes` has all of them, in that order.
struct EventAttribute {
  std::string_view name;
  std::string_view CloudEvent::*member;
};

inline constexpr EventAttribute kEventAttributes[] = {
    {"id", &CloudEvent::id},
    {"specversion", &CloudEvent::specversion},
    {"type", &CloudEvent::type},
    {"source", &CloudEvent::source},
    {"subject", &CloudEvent::subject},
    {"time", &CloudEvent::time},
    {"datacontenttype", &CloudEvent::datacontenttype},
    {"topic", &CloudEvent::topic},
    {"pubsubname", &CloudEvent::pubsubname},
    {"traceid", &CloudEvent::traceid},
    {"traceparent", &CloudEvent::traceparent},
    {"tracestate", &CloudEvent::tracestate},
    {"expiration", &CloudEvent::expiration},
};

// Copies all that the views point to into one new `text` and points them there. Whoever sets a
// member of an event runs it before what the member points to goes away. From `pool`, if given.
void OwnText(CloudEvent& event, BlockPool* pool = nullptr);

// The event, and behind it in the same block all that its views point to. From `pool`, if given.
std::shared_ptr<const CloudEvent> ShareEvent(const CloudEvent& event, BlockPool* pool = nullptr);

}  // namespace mecha
