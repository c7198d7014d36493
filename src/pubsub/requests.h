// SPDX-License-Identifier: Apache-2.0
// What the pub/sub block is asked to publish, in the caller's terms. pubsub_block.h checks it and
// turns it into the contract's terms.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "contract/call_context.h"
#include "operation/input.h"

namespace mecha {

struct MessageRequest {
  Input data;
  std::string_view content_type;  // empty: text/plain
  std::string_view id;            // empty: what the metadata says, or a new one
  std::string_view key;
  Metadata metadata;
  int64_t ttl_ms = 0;  // 0: what the metadata says
  bool is_raw = false;
};

struct PublishRequest {
  std::string_view topic;
  std::span<const MessageRequest> messages;
};

}  // namespace mecha
