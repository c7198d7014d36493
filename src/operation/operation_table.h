// SPDX-License-Identifier: Apache-2.0
// OperationTable: running operations by id, so that they can be cancelled. It owns no reference.
#pragma once

#include <cstdint>

#include "operation/operation.h"
#include "operation/slot_table.h"

namespace mecha {

class OperationTable {
 public:
  uint64_t Add(Operation* operation) { return table_.Add(operation); }
  void Remove(uint64_t id) { table_.Remove(id); }
  // The operation with a reference added, or null.
  Operation* Find(uint64_t id) { return table_.Find(id); }
  void StopAll(StopCause cause);
  // Cancels those that report to `sink`.
  void StopAllOf(const CompletionSink* sink);
  // Cancels those that run on behalf of an inbound request.
  void StopAllWithin(uint64_t request);
  size_t size() const { return table_.size(); }

 private:
  template <class IsWanted>
  void Stop(StopCause cause, IsWanted is_wanted);

  SlotTable<Operation> table_;
};

}  // namespace mecha
