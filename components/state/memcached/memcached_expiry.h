// SPDX-License-Identifier: Apache-2.0
// Times to live as memcached takes them. No state; safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "call/clock.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// What to send: 0 for "never", seconds from now up to 30 days, beyond that a Unix time. The
// server's clock ticks once a second, and a value goes with the tick: one second more keeps it from
// going early. OUT_OF_RANGE beyond January 2038, where memcached's numbers end.
StatusOr<int64_t> ExpiryOf(std::optional<std::chrono::milliseconds> ttl, WallTime now);

}  // namespace MECHA_COMPONENT
