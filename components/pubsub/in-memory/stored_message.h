// SPDX-License-Identifier: Apache-2.0
// StoredMessage: one message as one group keeps it. Copies share payload, event and details, so
// each group has a copy of its own. It knows no lock; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "contract/pub_sub.h"
#include "result/buffer.h"

namespace MECHA_COMPONENT {

// What few messages have.
struct MessageDetails {
  std::string key;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> metadata;
};

struct StoredMessage {
  std::shared_ptr<const CloudEvent> event;
  Buffer payload;
  std::shared_ptr<const MessageDetails> details;  // null: none of them
  WallTime enqueued;
  uint64_t sequence = 0;  // its place among the messages of its topic
  uint32_t attempt = 0;   // how often it was delivered, but for unseen returns
};

// Copies what the views in `message` point to.
StoredMessage StoredFrom(const OutgoingMessage& message, const Clock& clock);

Delivery DeliveryOf(const StoredMessage& message, uint64_t number);

}  // namespace MECHA_COMPONENT
