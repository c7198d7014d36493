// SPDX-License-Identifier: Apache-2.0
#include "open_deliveries.h"

#include <utility>

namespace MECHA_COMPONENT {

bool OpenDeliveries::Has(uint64_t number) const {
  const size_t slot = SlotOf(number);
  return number != 0 && slot < slots_.size() && slots_[slot].number == number;
}

uint64_t OpenDeliveries::Add(StoredMessage message) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.number = ++slot.uses << kSlotBits | index;
  slot.message = std::move(message);
  ++size_;
  return slot.number;
}

std::optional<StoredMessage> OpenDeliveries::Remove(uint64_t number) {
  if (!Has(number)) {
    return std::nullopt;
  }
  Slot& slot = slots_[SlotOf(number)];
  slot.number = 0;
  free_.push_back(static_cast<uint32_t>(SlotOf(number)));
  --size_;
  return std::move(slot.message);
}

std::vector<StoredMessage> OpenDeliveries::RemoveAll() {
  std::vector<StoredMessage> messages;
  messages.reserve(size_);
  for (Slot& slot : slots_) {
    if (slot.number != 0) {
      messages.push_back(std::move(slot.message));
    }
  }
  slots_.clear();
  free_.clear();
  size_ = 0;
  return messages;
}

}  // namespace MECHA_COMPONENT
