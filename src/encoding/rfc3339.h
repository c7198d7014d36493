// SPDX-License-Identifier: Apache-2.0
// Moments in UTC as RFC 3339 text. Years 1678 to 2261, what nanoseconds since 1970 can hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mecha {

// The same type as WallTime of call/clock.h, which this folder stands below.
using UtcTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

inline constexpr size_t kRfc3339Most = 30;

// "2026-01-02T03:04:05Z", with as many digits of a second as are needed (at most nine). The first
// form writes at most kRfc3339Most characters and returns how many.
size_t WriteRfc3339(UtcTime time, char* out);
std::string FormatRfc3339(UtcTime time);
// Any offset, any number of fraction digits (those after the ninth are cut), 'T' and 'Z' in either
// case. A leap second reads as the second after it.
std::optional<UtcTime> ParseRfc3339(std::string_view text);

}  // namespace mecha
