// SPDX-License-Identifier: Apache-2.0
#include "stored_message.h"

#include "encoding/ascii.h"

namespace MECHA_COMPONENT {

StoredMessage StoredFrom(const OutgoingMessage& message, const Clock& clock) {
  StoredMessage stored;
  stored.enqueued = message.accepted.has_value() ? *message.accepted : clock.WallNow();
  std::string_view content_type;
  if (message.event != nullptr) {
    stored.event = message.event;
  } else {
    stored.payload = Buffer::CopyOf(message.payload);
    content_type = message.content_type;
  }
  if (!message.key.empty() || !content_type.empty() || !message.metadata.empty()) {
    auto details = std::make_shared<MessageDetails>();
    details->key = message.key;
    details->content_type = content_type;
    for (const auto& [name, value] : message.metadata) {
      details->metadata.emplace_back(ToLower(name), value);
    }
    stored.details = std::move(details);
  }
  return stored;
}

Delivery DeliveryOf(const StoredMessage& message, uint64_t number) {
  Delivery delivery;
  delivery.number = number;
  delivery.payload = message.payload;
  delivery.event = message.event;
  delivery.attempt = message.attempt;
  delivery.enqueued = message.enqueued;
  if (message.details != nullptr) {
    delivery.key = message.details->key;
    delivery.content_type = message.details->content_type;
    delivery.metadata = message.details->metadata;
  }
  return delivery;
}

}  // namespace MECHA_COMPONENT
