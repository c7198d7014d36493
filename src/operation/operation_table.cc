// SPDX-License-Identifier: Apache-2.0
#include "operation/operation_table.h"

namespace mecha {

template <class IsWanted>
void OperationTable::Stop(StopCause cause, IsWanted is_wanted) {
  for (Operation* operation : table_.Collect(is_wanted)) {
    operation->Stop(cause);
    operation->Release();
  }
}

void OperationTable::StopAll(StopCause cause) {
  Stop(cause, [](const Operation&) { return true; });
}

void OperationTable::StopAllOf(const CompletionSink* sink) {
  Stop(StopCause::kCancelled,
       [sink](const Operation& operation) { return operation.sink().get() == sink; });
}

void OperationTable::StopAllWithin(uint64_t request) {
  Stop(StopCause::kCancelled,
       [request](const Operation& operation) { return operation.within() == request; });
}

}  // namespace mecha
