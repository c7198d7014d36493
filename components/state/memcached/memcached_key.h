// SPDX-License-Identifier: Apache-2.0
// What memcached takes as a key, and where Dapr's client puts it. No state; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

// At most so many bytes, the key prefix included.
inline constexpr size_t kLongestKey = 250;

// INVALID_ARGUMENT for a key that is too long, or has a space or a control character.
Status CheckKey(std::string_view key);

// Which of `count` servers has `key`: the CRC-32 of the key, as Dapr's client counts.
size_t ServerOf(std::string_view key, size_t count);

}  // namespace MECHA_COMPONENT
