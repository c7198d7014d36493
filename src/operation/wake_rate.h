// SPDX-License-Identifier: Apache-2.0
// WakeRate: whether a consumer is woken so often that it does better to pause for a moment, and let
// what comes meanwhile gather, than to be woken for each piece. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "call/clock.h"

namespace mecha {

class WakeRate {
 public:
  // How long a pause is.
  static constexpr Duration kPause = std::chrono::microseconds(50);

  void NoteArrivals(size_t count) { came_ += count; }
  // Somebody has to be woken for it.
  void NoteWake(const Clock& clock) {
    if (++wakes_ < kWakes) {
      return;
    }
    const SteadyTime now = clock.Now();
    is_high_ = now - since_ < kWakes * kOften;
    since_ = now;
    wakes_ = 0;
  }
  // By a consumer that has taken all there was. False: it sleeps until it is woken.
  bool PaysToPause() {
    const bool was_worth_it = !has_paused_ || came_ >= kWorthIt;
    came_ = 0;
    is_high_ = has_paused_ = is_high_ && was_worth_it;
    return is_high_;
  }

 private:
  static constexpr uint32_t kWakes = 32;
  static constexpr Duration kOften = std::chrono::microseconds(15);
  // So many in a pause.
  static constexpr size_t kWorthIt = 4;

  SteadyTime since_{};
  uint32_t wakes_ = 0;
  size_t came_ = 0;
  bool is_high_ = false;
  bool has_paused_ = false;
};

}  // namespace mecha
