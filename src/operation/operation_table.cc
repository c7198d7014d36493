// SPDX-License-Identifier: Apache-2.0
#include "operation/operation_table.h"

namespace mecha {
namespace {

constexpr uint64_t kSlotMask = 0xffffffff;

}  // namespace

uint64_t OperationTable::Add(Operation* operation) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.operation = operation;
  return (uint64_t{slot.generation} << 32) | index;
}

void OperationTable::Remove(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const uint64_t index = id & kSlotMask;
  if (index >= slots_.size() || slots_[index].generation != id >> 32) {
    return;
  }
  slots_[index].operation = nullptr;
  // Generation 0 would make slot 0's id read as "none".
  if (++slots_[index].generation == 0) {
    slots_[index].generation = 1;
  }
  free_.push_back(static_cast<uint32_t>(index));
}

Operation* OperationTable::Find(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const uint64_t index = id & kSlotMask;
  if (index >= slots_.size() || slots_[index].generation != id >> 32 ||
      slots_[index].operation == nullptr) {
    return nullptr;
  }
  slots_[index].operation->Retain();
  return slots_[index].operation;
}

std::vector<Operation*> OperationTable::Collect(const CompletionSink* sink) {
  const std::lock_guard lock(mutex_);
  std::vector<Operation*> found;
  for (const Slot& slot : slots_) {
    if (slot.operation != nullptr && (sink == nullptr || slot.operation->sink().get() == sink)) {
      slot.operation->Retain();
      found.push_back(slot.operation);
    }
  }
  return found;
}

void OperationTable::StopAll(StopCause cause) {
  for (Operation* operation : Collect(nullptr)) {
    operation->Stop(cause);
    operation->Release();
  }
}

void OperationTable::StopAllOf(const CompletionSink* sink) {
  for (Operation* operation : Collect(sink)) {
    operation->Stop(StopCause::kCancelled);
    operation->Release();
  }
}

size_t OperationTable::size() const {
  const std::lock_guard lock(mutex_);
  return slots_.size() - free_.size();
}

}  // namespace mecha
