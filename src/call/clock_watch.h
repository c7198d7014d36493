// SPDX-License-Identifier: Apache-2.0
// ClockWatch: notices, from how far three clocks have gone since the last look, that the machine
// slept or that its wall clock was set. A process that was merely stopped sees neither: its clocks
// went on. A value, not a thread; look from one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "call/clock.h"

namespace mecha {

class ClockWatch {
 public:
  struct Reading {
    Duration awake{};  // stands still while the machine sleeps
    Duration steady{};
    Duration wall{};
  };
  struct Gap {
    Duration slept{};
    Duration wall_step{};  // forward or back, beyond the time that went by
  };

  // What the clocks of this machine say now.
  static Reading Read();

  explicit ClockWatch(const Reading& now) : last_(now) {}

  // None unless something happened since the last look.
  std::optional<Gap> Look(const Reading& now);

 private:
  Reading last_;
};

}  // namespace mecha
