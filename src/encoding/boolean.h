// SPDX-License-Identifier: Apache-2.0
// Booleans as Dapr writes them: in configuration, in any case; in requests, as Go reads them.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "encoding/ascii.h"

namespace mecha {

// True for y, yes, true, t, on, 1; false for everything else, as in Dapr.
constexpr bool IsTruthy(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"y", "yes", "true", "t", "on", "1"};
  return std::ranges::any_of(kTrue,
                             [&](std::string_view t) { return EqualsIgnoringCase(t, text); });
}

// The same list and its opposite (n, no, false, f, off, 0); nothing for any other text.
constexpr std::optional<bool> ParseBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> kFalse = {"n", "no", "false", "f", "off", "0"};
  if (IsTruthy(text)) {
    return true;
  }
  const bool is_falsy =
      std::ranges::any_of(kFalse, [&](std::string_view f) { return EqualsIgnoringCase(f, text); });
  return is_falsy ? std::optional(false) : std::nullopt;
}

// What Go's ParseBool takes, and nothing else: request metadata is read so.
constexpr std::optional<bool> ParseGoBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) {
    return true;
  }
  return std::ranges::find(kFalse, text) != kFalse.end() ? std::optional(false) : std::nullopt;
}

}  // namespace mecha
