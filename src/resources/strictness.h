// SPDX-License-Identifier: Apache-2.0
// Strictness: what happens to mistakes that Dapr lets pass silently. Not a list of those mistakes:
// each is reported through Findings::Lenient where it is found.
#pragma once

#include <cstdint>

namespace mecha {

enum class Strictness : uint8_t {
  kStrict,  // an error
  kDapr,    // a warning, and what Dapr would have done
};

}  // namespace mecha
