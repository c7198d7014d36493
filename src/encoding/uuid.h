// SPDX-License-Identifier: Apache-2.0
// UUIDs as text (RFC 9562). The randomness is the caller's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mecha {

inline constexpr size_t kUuidSize = 36;

// A version 4 UUID from 16 random bytes, in lower case. The first form writes kUuidSize characters.
void WriteUuid(std::span<const unsigned char, 16> random, char* out);
std::string FormatUuid(std::span<const unsigned char, 16> random);
// True for 8-4-4-4-12 hexadecimal digits, any version, either case.
bool IsUuid(std::string_view text);

}  // namespace mecha
