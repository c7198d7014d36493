// SPDX-License-Identifier: Apache-2.0
#include "contract/state_outcomes.h"

namespace mecha {

Status ConditionFailed(Condition condition) {
  return Aborted(condition == Condition::kIfAbsent
                     ? "there is a value already; get it and write with its etag"
                     : "the value was changed or deleted by another writer; get it and try again");
}

std::vector<WriteOutcome> RefusedBy(size_t index, Status cause, size_t count) {
  std::vector<WriteOutcome> outcomes(count, Cancelled("another write of the transaction failed"));
  outcomes[index] = std::move(cause);
  return outcomes;
}

}  // namespace mecha
