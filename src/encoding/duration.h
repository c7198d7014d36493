// SPDX-License-Identifier: Apache-2.0
// Durations as Go writes them: "1h30m", "1.5s", "-250ms", "0". Nothing of a calendar.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace mecha {

// Units are ns, us, ms, s, m, h. A bare integer is taken in `bare_unit` ("ms"), and refused when
// that is empty; "0" needs no unit. Negative ones are returned as such: the caller decides.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text,
                                                      std::string_view bare_unit = {});

}  // namespace mecha
