// SPDX-License-Identifier: Apache-2.0
// Gate: lets operations in while the runtime runs, and counts those inside. One atomic word, so
// that entering and leaving cost one instruction each.
#pragma once

#include <atomic>
#include <cstdint>

#include "call/clock.h"
#include "call/deadline.h"
#include "result/status.h"

namespace mecha {

class Gate {
 public:
  enum class Phase : uint32_t { kOpened, kRunning, kSuspended, kClosed };

  // OK lets one operation in; it must Leave. Else FAILED_PRECONDITION, SUSPENDED or CLOSED.
  Status Enter();
  void Leave();
  // Lets one in whatever the phase; the caller knows that those inside are waited for.
  void Force() { word_.fetch_add(1, std::memory_order_seq_cst); }

  Phase phase() const { return PhaseOf(word_.load(std::memory_order_acquire)); }
  void SetPhase(Phase phase);
  uint32_t inside() const { return static_cast<uint32_t>(word_.load() & kCountMask); }
  // Waits until nobody is inside. False when the deadline passed first.
  bool WaitUntilEmpty(const Clock& clock, Deadline deadline);

 private:
  static constexpr uint64_t kCountMask = 0xffffffff;
  static constexpr int kPhaseShift = 32;
  static Phase PhaseOf(uint64_t word) { return static_cast<Phase>(word >> kPhaseShift); }
  static Status Refusal(Phase phase);
  void WakeWaiters();

  std::atomic<uint64_t> word_{0};
  std::atomic<uint32_t> left_{0};  // futex: changes whenever the last one leaves a closing gate
};

}  // namespace mecha
