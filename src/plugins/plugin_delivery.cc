// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_delivery.h"

#include <algorithm>

#include "encoding/ascii.h"
#include "plugins/plugin_outcome.h"

namespace mecha {
namespace {

Delivery CopyOf(const mecha_delivery& from, SteadyTime now) {
  Delivery delivery;
  delivery.number = from.number;
  delivery.payload = Buffer::CopyOf(TextOf(from.payload));
  delivery.metadata.reserve(from.metadata_count);
  for (size_t i = 0; i < from.metadata_count; ++i) {
    delivery.metadata.emplace_back(ToLower(TextOf(from.metadata[i].key)),
                                   TextOf(from.metadata[i].value));
  }
  delivery.id = TextOf(from.id);
  delivery.key = TextOf(from.key);
  delivery.content_type = TextOf(from.content_type);
  delivery.attempt = std::max<uint32_t>(from.attempt, 1);
  delivery.enqueued = TimeOf(from.enqueued_unix_ms);
  delivery.held_since = std::min(SteadyTime(Duration(from.held_since_ns)), now);
  return delivery;
}

}  // namespace

std::string_view FaultOf(std::span<const mecha_delivery> deliveries, uint64_t last) {
  for (const mecha_delivery& delivery : deliveries) {
    if (delivery.number <= last) {
      return "delivered a message whose number is not larger than the one before";
    }
    if (delivery.metadata == nullptr && delivery.metadata_count != 0) {
      return "delivered a message whose metadata is missing";
    }
    last = delivery.number;
  }
  return {};
}

std::vector<Delivery> CopyOf(std::span<const mecha_delivery> deliveries, SteadyTime now) {
  std::vector<Delivery> copies;
  copies.reserve(deliveries.size());
  for (const mecha_delivery& delivery : deliveries) {
    copies.push_back(CopyOf(delivery, now));
  }
  return copies;
}

}  // namespace mecha
