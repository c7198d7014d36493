// SPDX-License-Identifier: Apache-2.0
// The CloudEvent of a message as a broker delivered it, in whichever of two forms it came, and
// whether it is too old to be handled. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "call/clock.h"
#include "contract/cloud_event.h"
#include "result/buffer.h"
#include "result/status_or.h"

namespace mecha {

struct ReceivedMessage {
  Buffer data;
  std::string_view content_type;  // the broker's, where it carries one
  std::span<const std::pair<std::string, std::string>> metadata;  // the broker's
  BlockPool* pool = nullptr;  // where the event's bytes come from
};

// Binary content mode (the content type, or the metadata
// content-type, is application/octet-stream): the attributes are metadata with the prefix ce_, the
// data is the bytes. Otherwise structured: DecodeEvent. Trace context that is absent is taken from
// the metadata. INVALID_ARGUMENT says what is malformed, and where.
StatusOr<CloudEvent> ReadEvent(const ReceivedMessage& message);

// Whether `expiration` has passed. One that is no time never does.
bool HasExpired(const CloudEvent& event, WallTime now);

}  // namespace mecha
