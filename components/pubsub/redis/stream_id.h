// SPDX-License-Identifier: Apache-2.0
// StreamId: the id of an entry of a stream, "1700000000000-0": a time and a number within it. A
// value.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "encoding/number.h"

namespace MECHA_COMPONENT {

struct StreamId {
  uint64_t milliseconds = 0;  // since 1970, by the server's clock
  uint64_t sequence = 0;

  static std::optional<StreamId> Parse(std::string_view text) {
    const size_t dash = text.find('-');
    if (dash == text.npos) {
      return std::nullopt;
    }
    const auto milliseconds = ParseNumber<uint64_t>(text.substr(0, dash));
    const auto sequence = ParseNumber<uint64_t>(text.substr(dash + 1));
    if (!milliseconds.has_value() || !sequence.has_value()) {
      return std::nullopt;
    }
    return StreamId{*milliseconds, *sequence};
  }

  std::string Text() const {
    constexpr size_t kLongestNumber = 20;
    char text[2 * kLongestNumber + 1];
    char* end = std::to_chars(text, text + kLongestNumber, milliseconds).ptr;
    *end++ = '-';
    end = std::to_chars(end, end + kLongestNumber, sequence).ptr;
    return std::string(text, static_cast<size_t>(end - text));
  }

  // The smallest id after this one.
  StreamId Next() const {
    return sequence == UINT64_MAX ? StreamId{milliseconds + 1, 0}
                                  : StreamId{milliseconds, sequence + 1};
  }

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

}  // namespace MECHA_COMPONENT
