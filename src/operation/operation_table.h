// SPDX-License-Identifier: Apache-2.0
// OperationTable: running operations by id, so that they can be cancelled. An id is a slot and its
// generation, so a stale one finds nothing. It owns no reference.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "operation/operation.h"

namespace mecha {

class OperationTable {
 public:
  uint64_t Add(Operation* operation);
  void Remove(uint64_t id);
  // The operation with a reference added, or null.
  Operation* Find(uint64_t id);
  void StopAll(StopCause cause);
  // Cancels those that report to `sink`.
  void StopAllOf(const CompletionSink* sink);
  size_t size() const;

 private:
  // All, or those that report to `sink`, each with a reference added.
  std::vector<Operation*> Collect(const CompletionSink* sink);

  struct Slot {
    Operation* operation = nullptr;
    uint32_t generation = 1;
  };

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace mecha
