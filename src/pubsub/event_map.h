// SPDX-License-Identifier: Apache-2.0
// EventMap: the envelope of a message as an expression sees it: `event`. Data that is JSON is read
// only where an expression asks for it, and never parsed as a whole. A view of the event, which
// outlives it; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "contract/cloud_event.h"
#include "expression/cel_value.h"

namespace mecha {

class EventMap final : public CelMap {
 public:
  explicit EventMap(const CloudEvent& event) : event_(event) {}

  // The attributes of the envelope's JSON form: binary data is `data_base64` there.
  std::optional<CelValue> Find(std::string_view key, CelArena& arena) const override;
  size_t size() const override;

 private:
  std::optional<CelValue> FindData(std::string_view key, CelArena& arena) const;

  const CloudEvent& event_;
};

}  // namespace mecha
