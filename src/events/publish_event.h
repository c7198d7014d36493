// SPDX-License-Identifier: Apache-2.0
// The CloudEvent of a publish: an envelope around data, or the publisher's own with what is missing
// filled in. Not for raw messages (PublishMetadata::is_raw), which have none. Pure; any thread.
#pragma once

#include <span>
#include <string_view>

#include "call/clock.h"
#include "contract/cloud_event.h"
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

// INVALID_ARGUMENT: an attribute is not UTF-8; an own event is malformed. In strict also: data of
// type application/json is not JSON; an own event has no id. Dapr writes the one as a string and
// lets the other pass, so in dapr mode we do. The event's data is `publication.data`, shared,
// unless it has to be rewritten.
StatusOr<CloudEvent> MakeEvent(const Publication& publication, const PublishMetadata& metadata,
                               const Publisher& publisher);

}  // namespace mecha
