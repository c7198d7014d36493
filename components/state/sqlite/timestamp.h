// SPDX-License-Identifier: Apache-2.0
// SQLite's own text for a moment in UTC, "YYYY-MM-DD HH:MM:SS", as CURRENT_TIMESTAMP writes it, so
// that moments compare as text and another program's CURRENT_TIMESTAMP compares with ours. Whole
// seconds only; years 1678 to 2261.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "call/clock.h"

namespace MECHA_COMPONENT {

class Timestamp {
 public:
  static constexpr size_t kSize = 19;

  // The second that `time` lies in.
  static Timestamp Of(WallTime time) { return Timestamp(std::chrono::floor<Seconds>(time)); }
  // The first whole second at or after `time` + `ttl`: nothing expires too early.
  static Timestamp AfterTtl(WallTime time, std::chrono::milliseconds ttl);

  std::string_view text() const { return {text_.data(), kSize}; }

 private:
  using Seconds = std::chrono::seconds;

  explicit Timestamp(std::chrono::sys_time<Seconds> time);

  std::array<char, kSize> text_;
};

// Nothing when `text` does not begin with such a moment. A fraction or a zone after it is ignored.
std::optional<WallTime> ParseTimestamp(std::string_view text);

}  // namespace MECHA_COMPONENT
