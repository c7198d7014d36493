// SPDX-License-Identifier: Apache-2.0
#include "pubsub/event_map.h"

#include <algorithm>

#include "encoding/base64.h"
#include "expression/cel_json.h"

namespace mecha {

using DataKind = CloudEvent::DataKind;

std::optional<CelValue> EventMap::Find(std::string_view key, CelArena& arena) const {
  for (const EventAttribute& attribute : kEventAttributes) {
    if (attribute.name == key) {
      const std::string_view value = event_.*attribute.member;
      return value.data() == nullptr ? std::nullopt : std::optional(CelValue::String(value));
    }
  }
  if (std::optional<CelValue> data = FindData(key, arena); data.has_value()) {
    return data;
  }
  for (const CloudEvent::Extension& extension : event_.extensions) {
    if (extension.name == key) {
      return ValueOfJson(extension.json, arena);
    }
  }
  return std::nullopt;
}

std::optional<CelValue> EventMap::FindData(std::string_view key, CelArena& arena) const {
  const DataKind kind = event_.data_kind;
  if (key == "data" && kind == DataKind::kJson) {
    return ValueOfJson(event_.data.view(), arena);
  }
  if (key == "data" && kind == DataKind::kText) {
    return CelValue::String(event_.data.view());
  }
  if (key != "data_base64" || kind != DataKind::kBinary) {
    return std::nullopt;
  }
  if (!arena.HasRoomFor(Base64EncodedSize(event_.data.size()))) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  const std::optional<std::string_view> text = arena.Own(EncodeBase64(event_.data.view()));
  return text.has_value() ? CelValue::String(*text) : CelValue::Error(CelFault::kTooMuch);
}

size_t EventMap::size() const {
  const auto named = std::ranges::count_if(kEventAttributes, [this](const EventAttribute& it) {
    return (event_.*it.member).data() != nullptr;
  });
  return static_cast<size_t>(named) + event_.extensions.size() +
         (event_.data_kind == DataKind::kNone ? 0 : 1);
}

}  // namespace mecha
