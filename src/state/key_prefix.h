// SPDX-License-Identifier: Apache-2.0
// KeyPrefix: what stands before a key in the store, by Dapr's keyPrefix strategies. Immutable.
#pragma once

#include <string>
#include <string_view>

#include "contract/settings.h"
#include "result/status_or.h"

namespace mecha {

inline constexpr std::string_view kKeySeparator = "||";

// The prefix with its separator, or "" for the strategy `none`. `strategy` is appid (also when
// empty), name, namespace, none, or a text of one's own. INVALID_ARGUMENT when the strategy needs
// an app id and there is none, or when the prefix would hold "||".
StatusOr<std::string> MakeKeyPrefix(std::string_view strategy, const Settings::Identity& identity);

}  // namespace mecha
