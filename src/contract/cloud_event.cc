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

// Moves all that the views point to into `memory`, and points them there.
void MoveText(CloudEvent& event, char* memory) {
  auto* const extensions = reinterpret_cast<CloudEvent::Extension*>(memory);
  std::uninitialized_copy(event.extensions.begin(), event.extensions.end(), extensions);
  char* out = memory + event.extensions.size_bytes();
  for (size_t i = 0; i < event.extensions.size(); ++i) {
    out = Move(extensions[i].name, out);
    out = Move(extensions[i].json, out);
  }
  for (const EventAttribute& attribute : kEventAttributes) {
    out = Move(event.*attribute.member, out);
  }
  event.extensions = {extensions, event.extensions.size()};
}

// For std::allocate_shared: the block has `tail` bytes more, and their place goes to `*where`.
template <class T>
struct TailAllocator {
  using value_type = T;

  TailAllocator(BlockPool* from, size_t more, char** place)
      : pool(from), tail(more), where(place) {}
  template <class Other>
  TailAllocator(const TailAllocator<Other>& other)  // NOLINT: allocators convert
      : pool(other.pool), tail(other.tail), where(other.where) {}

  T* allocate(size_t count) {
    static_assert(alignof(T) >= alignof(CloudEvent::Extension));
    auto* const memory = static_cast<char*>(BlockPool::Take(pool, count * sizeof(T) + tail));
    *where = memory + count * sizeof(T);
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T* block, size_t) noexcept { BlockPool::Give(block); }
  friend bool operator==(const TailAllocator&, const TailAllocator&) { return true; }

  BlockPool* pool;
  size_t tail;
  char** where;  // only while it is being made
};

}  // namespace

void OwnText(CloudEvent& event, BlockPool* pool) {
  // Never of size 0: an attribute that is there and empty must not become a null view.
  Buffer text = Buffer::OfSize(TextSize(event) + 1, pool);
  MoveText(event, text.mutable_data());
  event.text = std::move(text);
}

std::shared_ptr<const CloudEvent> ShareEvent(const CloudEvent& event, BlockPool* pool) {
  char* text = nullptr;
  const TailAllocator<CloudEvent> memory(pool, TextSize(event) + 1, &text);
  auto shared = std::allocate_shared<CloudEvent>(memory, event);
  MoveText(*shared, text);
  shared->text = Buffer();
  return shared;
}

}  // namespace mecha
