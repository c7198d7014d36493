// SPDX-License-Identifier: Apache-2.0
// The attributes of an event one by one, as a handler gets them: strings as their text, other JSON
// values as they are written. Its content type and its data are not among them.
#pragma once

#include <string>
#include <string_view>

#include "contract/cloud_event.h"
#include "encoding/json_scanner.h"

namespace mecha {

// Calls `visit(name, value)` for each attribute that is there; null counts as absent. Views hold
// during the call: `scratch` takes texts that had to be unescaped.
template <class Visit>
void VisitAttributes(const CloudEvent& event, std::string& scratch, Visit&& visit) {
  for (const EventAttribute& attribute : kEventAttributes) {
    const std::string_view value = event.*attribute.member;
    if (value.data() != nullptr && attribute.member != &CloudEvent::datacontenttype) {
      visit(attribute.name, value);
    }
  }
  for (const auto& [name, json] : event.extensions) {
    if (json.empty() || json == "null") {
      continue;
    }
    if (json.front() != '"') {
      visit(name, json);
      continue;
    }
    const std::string_view inner = json.substr(1, json.size() - 2);
    scratch.resize(inner.size());
    scratch.resize(UnescapeJson(inner, scratch.data()));
    visit(name, std::string_view(scratch));
  }
}

}  // namespace mecha
