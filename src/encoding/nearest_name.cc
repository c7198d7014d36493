// SPDX-License-Identifier: Apache-2.0
#include "encoding/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "encoding/ascii.h"

namespace mecha {
namespace {

// Longer names are not compared: nothing known is that long, and the work grows with the square.
constexpr size_t kLongest = 64;
using Row = std::array<size_t, kLongest + 1>;

// Optimal string alignment distance of two names of at most kLongest characters.
size_t Distance(std::string_view a, std::string_view b) {
  Row before{};
  Row last{};
  Row row{};
  for (size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool is_same = ToLower(a[i - 1]) == ToLower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (is_same ? 0 : 1)});
      const bool is_swapped = i > 1 && j > 1 && ToLower(a[i - 1]) == ToLower(b[j - 2]) &&
                              ToLower(a[i - 2]) == ToLower(b[j - 1]);
      if (is_swapped) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> NearestName(std::string_view wanted,
                                            std::span<const std::string_view> candidates) {
  if (wanted.empty() || wanted.size() > kLongest) {
    return std::nullopt;
  }
  // A third of the letters may be wrong; in very short names, one.
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  std::optional<std::string_view> best;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) {
      continue;
    }
    const size_t distance = Distance(wanted, candidate);
    if (distance < best_distance && distance < std::max(wanted.size(), candidate.size())) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view wanted, std::span<const std::string_view> candidates) {
  const std::optional<std::string_view> nearest = NearestName(wanted, candidates);
  return nearest.has_value() ? " Did you mean \"" + std::string(*nearest) + "\"?" : std::string();
}

}  // namespace mecha
