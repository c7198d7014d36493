// SPDX-License-Identifier: Apache-2.0
#include "call/clock_watch.h"

#include <cstdlib>
#include <ctime>

namespace mecha {
namespace {

constexpr Duration kLeast = std::chrono::milliseconds(250);
// Time servers make a clock run faster or slower by at most half of this.
constexpr int kDrift = 1000;

Duration ReadOne(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec);
}

}  // namespace

ClockWatch::Reading ClockWatch::Read() {
  return {ReadOne(CLOCK_MONOTONIC), ReadOne(CLOCK_BOOTTIME), ReadOne(CLOCK_REALTIME)};
}

std::optional<ClockWatch::Gap> ClockWatch::Look(const Reading& now) {
  const Duration passed = now.steady - last_.steady;
  Gap gap{passed - (now.awake - last_.awake), now.wall - last_.wall - passed};
  last_ = now;
  if (gap.slept < kLeast) {
    gap.slept = Duration::zero();
  }
  if (std::chrono::abs(gap.wall_step) < kLeast + passed / kDrift) {
    gap.wall_step = Duration::zero();
  }
  if (gap.slept == Duration::zero() && gap.wall_step == Duration::zero()) {
    return std::nullopt;
  }
  return gap;
}

}  // namespace mecha
