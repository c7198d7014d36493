// SPDX-License-Identifier: Apache-2.0
// OpenDeliveries: the messages that one feed has delivered and that are not settled, by number. A
// number is a slot and how often the slot was used before, so it is found at once and never comes
// again. It takes no lock: its topic does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stored_message.h"

namespace MECHA_COMPONENT {

class OpenDeliveries {
 public:
  // Beyond that there is no number.
  static constexpr size_t kMost = size_t{1} << 24;

  size_t size() const { return size_; }
  bool Has(uint64_t number) const;
  // The message just added, until the next Add or Remove.
  const StoredMessage& at(uint64_t number) const { return slots_[SlotOf(number)].message; }
  // Fewer than kMost are there. Returns the message's number.
  uint64_t Add(StoredMessage message);
  // Nothing when no such number is open.
  std::optional<StoredMessage> Remove(uint64_t number);
  std::vector<StoredMessage> RemoveAll();

 private:
  static constexpr int kSlotBits = 24;

  struct Slot {
    StoredMessage message;
    uint64_t number = 0;  // of the message in it; 0: free
    uint64_t uses = 0;
  };
  static size_t SlotOf(uint64_t number) { return number & (kMost - 1); }

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t size_ = 0;
};

}  // namespace MECHA_COMPONENT
