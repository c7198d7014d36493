// SPDX-License-Identifier: Apache-2.0
#include "encoding/uuid.h"

#include <array>
#include <cstring>

#include "encoding/hex.h"

namespace mecha {
namespace {

constexpr size_t kTextSize = 36;
constexpr bool IsDash(size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

std::string FormatUuid(std::span<const unsigned char, 16> random) {
  std::array<char, 16> bytes;
  std::memcpy(bytes.data(), random.data(), bytes.size());
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);  // version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);  // the RFC's variant
  std::string text = EncodeHex({bytes.data(), bytes.size()});
  for (size_t index = 0; index < kTextSize; ++index) {
    if (IsDash(index)) {
      text.insert(index, 1, '-');
    }
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != kTextSize) {
    return false;
  }
  for (size_t index = 0; index < kTextSize; ++index) {
    if (IsDash(index) ? text[index] != '-' : HexDigit(text[index]) < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace mecha
