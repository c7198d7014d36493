// SPDX-License-Identifier: Apache-2.0
// The CloudEvent of a publish: an envelope around data, or the publisher's own with what is missing
// filled in. Not for raw messages (PublishMetadata::is_raw), which have none. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "call/clock.h"
#include "contract/cloud_event.h"
#include "encoding/rfc3339.h"
#include "encoding/uuid.h"
#include "events/event_reader.h"
#include "events/publish_metadata.h"
#include "resources/strictness.h"
#include "result/buffer.h"
#include "result/status_or.h"

namespace mecha {

// What is published, and where.
struct Publication {
  std::string_view pubsub_name;  // the component's
  std::string_view topic;        // as the publisher gave it, without a namespace
  std::string_view content_type;
  Buffer data;  // null: an event without data
};

// Who publishes it, and when.
struct Publisher {
  std::string_view app_id;
  std::string_view traceparent;  // empty: the call is not traced
  std::string_view tracestate;
  WallTime now;
  std::span<const unsigned char, 16> random;  // becomes the id, if none is given
  bool has_native_ttl = false;                // the broker itself drops what is too old
  Strictness strictness = Strictness::kStrict;
  BlockPool* pool = nullptr;  // where the event's bytes come from
};

// An event on its way: its views point into the draft and into what it was made from. One thread;
// for one event.
class EventDraft {
 public:
  // INVALID_ARGUMENT: an attribute is not UTF-8; an own event is malformed. In strict also: data of
  // type application/json is not JSON; an own event has no id. Dapr writes the one as a string and
  // lets the other pass, so in dapr mode we do. The event's data is `publication.data`, shared,
  // unless it has to be rewritten.
  Status Make(const Publication& publication, const PublishMetadata& metadata,
              const Publisher& publisher);
  CloudEvent& event() { return reader_.has_value() ? reader_->event() : event_; }

 private:
  Status WrapData(const Publication& publication, const PublishMetadata& metadata,
                  const Publisher& publisher);
  Status AdoptEvent(const Publication& publication, const Publisher& publisher);

  std::string_view MakeId(std::span<const unsigned char, 16> random);
  std::string_view MakeTime(WallTime now);
  std::string_view MakeExpiration(WallTime now, Duration ttl);

  std::array<char, kUuidSize> id_;
  std::array<char, kRfc3339Most> time_;
  std::array<char, kRfc3339Most> expiration_;
  CloudEvent event_;
  std::optional<EventReader> reader_;  // of an own event
};

// The same, and the event owns its text.
StatusOr<CloudEvent> MakeEvent(const Publication& publication, const PublishMetadata& metadata,
                               const Publisher& publisher);

}  // namespace mecha
