// SPDX-License-Identifier: Apache-2.0
// Deadline: the moment after which an operation must have ended, or never. A value, not a timer.
#pragma once

#include <algorithm>

#include "call/clock.h"

namespace mecha {

class Deadline {
 public:
  static constexpr Deadline Never() { return Deadline(SteadyTime::max()); }
  static constexpr Deadline At(SteadyTime at) { return Deadline(at); }
  static Deadline After(SteadyTime now, Duration timeout) {
    return timeout > SteadyTime::max() - now ? Never() : Deadline(now + timeout);
  }

  bool is_never() const { return at_ == SteadyTime::max(); }
  SteadyTime at() const { return at_; }
  bool HasPassed(SteadyTime now) const { return now >= at_; }
  // What is left, at least zero; Duration::max() when there is no deadline.
  Duration Remaining(SteadyTime now) const {
    return is_never() ? Duration::max() : std::max(Duration::zero(), at_ - now);
  }

 private:
  explicit constexpr Deadline(SteadyTime at) : at_(at) {}

  SteadyTime at_;
};

}  // namespace mecha
