// SPDX-License-Identifier: Apache-2.0
// SlotTable: results that are under way, by id. An id is a slot and its generation, so a stale one
// finds nothing. It owns no reference. Safe from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "call/short_mutex.h"

namespace mecha {

// T has Retain and Release.
template <class T>
class SlotTable {
 public:
  uint64_t Add(T* entry) {
    const std::lock_guard lock(mutex_);
    return AddLocked(entry);
  }

  // Several; `each` is told the entry and its id.
  template <class Each>
  void AddAll(std::span<T* const> entries, Each each) {
    const std::lock_guard lock(mutex_);
    for (T* entry : entries) {
      each(*entry, AddLocked(entry));
    }
  }

  // What was there, with nothing done to its references; null when the id is stale.
  T* Remove(uint64_t id) {
    const std::lock_guard lock(mutex_);
    Slot* slot = FindLocked(id);
    if (slot == nullptr) {
      return nullptr;
    }
    T* entry = std::exchange(slot->entry, nullptr);
    // Generation 0 would make slot 0's id read as "none".
    if (++slot->generation == 0) {
      slot->generation = 1;
    }
    free_.push_back(static_cast<uint32_t>(id & kSlotMask));
    return entry;
  }

  // The entry with a reference added, or null.
  T* Find(uint64_t id) {
    const std::lock_guard lock(mutex_);
    const Slot* slot = FindLocked(id);
    if (slot == nullptr) {
      return nullptr;
    }
    slot->entry->Retain();
    return slot->entry;
  }

  // Those that `is_wanted` says, each with a reference added.
  template <class IsWanted>
  std::vector<T*> Collect(IsWanted is_wanted) {
    const std::lock_guard lock(mutex_);
    std::vector<T*> found;
    for (const Slot& slot : slots_) {
      if (slot.entry != nullptr && is_wanted(*slot.entry)) {
        slot.entry->Retain();
        found.push_back(slot.entry);
      }
    }
    return found;
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return slots_.size() - free_.size();
  }

 private:
  static constexpr uint64_t kSlotMask = 0xffffffff;

  struct Slot {
    T* entry = nullptr;
    uint32_t generation = 1;
  };

  uint64_t AddLocked(T* entry) {
    if (free_.empty()) {
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.entry = entry;
    return (uint64_t{slot.generation} << 32) | index;
  }

  Slot* FindLocked(uint64_t id) {
    const uint64_t index = id & kSlotMask;
    if (index >= slots_.size() || slots_[index].generation != id >> 32 ||
        slots_[index].entry == nullptr) {
      return nullptr;
    }
    return &slots_[index];
  }

  mutable ShortMutex mutex_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace mecha
