// SPDX-License-Identifier: Apache-2.0
// PublishMetadata: what a publish call's metadata says about its message. Keys that only the
// broker knows are not looked at.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "contract/call_context.h"
#include "result/status_or.h"

namespace mecha {

struct PublishMetadata {
  // rawPayload: the data is the message, without an envelope.
  bool is_raw = false;
  // ttl or ttlInSeconds; above zero.
  std::optional<std::chrono::nanoseconds> ttl;
  // cloudevent.id and so on; empty: not given. Views of the metadata.
  std::string_view id;
  std::string_view type;
  std::string_view source;
  std::string_view subject;
  std::string_view traceid;
  std::string_view traceparent;
  std::string_view tracestate;
};

// Keys in any case; of a key given twice the last one counts, and `ttl` before `ttlInSeconds`. An
// empty value counts as none. INVALID_ARGUMENT: a boolean or a duration that is none.
StatusOr<PublishMetadata> ReadPublishMetadata(Metadata metadata);

}  // namespace mecha
