// SPDX-License-Identifier: Apache-2.0
// What several state stores answer in the same words. These are values: nothing here talks to a
// back-end, and every function may be called from any thread.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "contract/call_context.h"
#include "contract/state_store.h"
#include "result/done.h"
#include "result/status.h"

namespace mecha {

// ABORTED: `condition`, not kAlways, did not hold, and nothing was written.
Status ConditionFailed(Condition condition);

// The outcomes of a transaction of `count` writes, of which the one at `index` was refused.
std::vector<WriteOutcome> RefusedBy(size_t index, Status cause, size_t count);

// For what waits on the caller's thread: true when that must not block. Then `done` has run with
// WouldBlock.
template <class T>
bool Declines(const CallContext& call, Done<T>& done) {
  if (call.may_block) {
    return false;
  }
  std::move(done)(WouldBlock());
  return true;
}

}  // namespace mecha
