// SPDX-License-Identifier: Apache-2.0
#include "operation/gate.h"

#include <algorithm>

#include "call/futex.h"
#include "call/waiter.h"
#include "result/status.h"

namespace mecha {

Status Gate::Enter() {
  // Those that find the gate shut are not counted: however many knock, it can become empty.
  Phase seen = phase();
  if (seen == Phase::kRunning) {
    seen = PhaseOf(word_.fetch_add(1, std::memory_order_acq_rel));
    if (seen == Phase::kRunning) {
      return OkStatus();
    }
    Leave();
  }
  return Refusal(seen);
}

Status Gate::Refusal(Phase phase) {
  switch (phase) {
    case Phase::kOpened:
      return FailedPrecondition("the runtime is not started; start it first");
    case Phase::kSuspended:
      return StatusOf(StopCause::kSuspended);
    case Phase::kRunning:
    case Phase::kClosed:
      break;
  }
  return StatusOf(StopCause::kClosed);
}

void Gate::Leave() {
  const uint64_t before = word_.fetch_sub(1, std::memory_order_acq_rel);
  if (PhaseOf(before) != Phase::kRunning && (before & kCountMask) == 1) {
    WakeWaiters();
  }
}

void Gate::WakeWaiters() {
  left_.fetch_add(1, std::memory_order_acq_rel);
  FutexWakeAll(left_);
}

void Gate::SetPhase(Phase phase) {
  uint64_t seen = word_.load(std::memory_order_acquire);
  while (!word_.compare_exchange_weak(
      seen, (seen & kCountMask) | (static_cast<uint64_t>(phase) << kPhaseShift),
      std::memory_order_acq_rel)) {
  }
}

bool Gate::WaitUntilEmpty(const Clock& clock, Deadline deadline) {
  constexpr Duration kLongestSleep = std::chrono::milliseconds(100);
  for (;;) {
    const uint32_t seen = left_.load(std::memory_order_acquire);
    if (inside() == 0) {
      return true;
    }
    const Duration left = std::min(deadline.Remaining(clock.Now()), kLongestSleep);
    if (left == Duration::zero()) {
      return false;
    }
    FutexWait(left_, seen, left);
  }
}

}  // namespace mecha
