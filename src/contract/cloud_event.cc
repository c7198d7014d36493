// SPDX-License-Identifier: Apache-2.0
#include "contract/cloud_event.h"

#include <cstring>
#include <memory>

namespace mecha {
namespace {

size_t TextSize(const CloudEvent& event) {
  size_t size = event.extensions.size_bytes();
  for (const CloudEvent::Extension& extension : event.extensions) {
    size += extension.name.size() + extension.json.size();
  }
  for (const EventAttribute& attribute : kEventAttributes) {
    size += (event.*attribute.member).size();
  }
  return size;
}

// Copies `view` to `out` and points it there; returns where the next one goes.
char* Move(std::string_view& view, char* out) {
  if (view.data() == nullptr) {
    return out;
  }
  std::memcpy(out, view.data(), view.size());
  view = {out, view.size()};
  return out + view.size();
}

}  // namespace

void OwnText(CloudEvent& event, BlockPool* pool) {
  // Never of size 0: an attribute that is there and empty must not become a null view.
  Buffer text = Buffer::OfSize(TextSize(event) + 1, pool);
  auto* const extensions = reinterpret_cast<CloudEvent::Extension*>(text.mutable_data());
  std::uninitialized_copy(event.extensions.begin(), event.extensions.end(), extensions);
  char* out = text.mutable_data() + event.extensions.size_bytes();
  for (size_t i = 0; i < event.extensions.size(); ++i) {
    out = Move(extensions[i].name, out);
    out = Move(extensions[i].json, out);
  }
  for (const EventAttribute& attribute : kEventAttributes) {
    out = Move(event.*attribute.member, out);
  }
  event.extensions = {extensions, event.extensions.size()};
  event.text = std::move(text);
}

}  // namespace mecha
