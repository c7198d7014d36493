// SPDX-License-Identifier: Apache-2.0
// Which known name somebody probably meant. For messages, not for accepting misspelt names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mecha {

// The candidate with the fewest slips (a letter missing, added, changed, or two swapped; case does
// not count), the first of several; nothing when all are too far off to be worth showing.
std::optional<std::string_view> NearestName(std::string_view wanted,
                                            std::span<const std::string_view> candidates);

// " Did you mean \"x\"?", or nothing to add.
std::string DidYouMean(std::string_view wanted, std::span<const std::string_view> candidates);

}  // namespace mecha
