// SPDX-License-Identifier: Apache-2.0
// PageToken: a list position as text for the caller: opaque, and refused by another store, another
// prefix or another version of this format.
#pragma once

#include <string>
#include <string_view>

#include "result/status_or.h"

namespace mecha {

// What a token is good for; `store` is the component's name.
struct PageScope {
  std::string_view store;
  std::string_view prefix;
};

std::string EncodePageToken(const PageScope& scope, std::string_view position);
StatusOr<std::string> DecodePageToken(const PageScope& scope, std::string_view token);

}  // namespace mecha
