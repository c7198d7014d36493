// SPDX-License-Identifier: Apache-2.0
#include "stream_entry.h"

#include <chrono>
#include <utility>

#include "encoding/ascii.h"
#include "stream_metadata.h"

namespace MECHA_COMPONENT {

std::optional<StreamEntry> TakeEntry(Reply& entry, uint32_t attempt) {
  if (!entry.is_array() || entry.items.size() != 2 || !entry.items[1].is_array()) {
    return std::nullopt;
  }
  const std::string_view id = entry.items[0].text();
  const std::optional<StreamId> parsed = StreamId::Parse(id);
  if (!parsed.has_value()) {
    return std::nullopt;
  }
  StreamEntry taken;
  taken.id = *parsed;
  taken.delivery.id = id;
  taken.delivery.attempt = attempt;
  taken.delivery.enqueued =
      WallTime(std::chrono::milliseconds(static_cast<int64_t>(parsed->milliseconds)));
  std::vector<Reply>& fields = entry.items[1].items;
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text() == "data") {
      taken.delivery.payload = fields[i + 1].TakeText();
    } else if (fields[i].text() == "metadata") {
      taken.delivery.metadata = MetadataFromJson(fields[i + 1].text());
      for (const auto& [key, value] : taken.delivery.metadata) {
        if (EqualsIgnoringCase(key, kOrderingKey)) {
          taken.delivery.key = value;
        }
      }
    }
  }
  if (taken.delivery.payload.is_null()) {
    taken.delivery.payload = Buffer::CopyOf({});
  }
  return taken;
}

}  // namespace MECHA_COMPONENT
