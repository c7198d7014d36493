// SPDX-License-Identifier: Apache-2.0
#include "encoding/uuid.h"

#include <array>
#include <cstring>

#include "encoding/hex.h"

namespace mecha {
namespace {

// "00" to "ff".
constexpr std::array<char, 512> kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (size_t byte = 0; byte < 256; ++byte) {
    pairs[byte * 2] = kDigits[byte >> 4];
    pairs[byte * 2 + 1] = kDigits[byte & 15];
  }
  return pairs;
}();

constexpr bool IsDash(size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

void WriteUuid(std::span<const unsigned char, 16> random, char* out) {
  constexpr std::array<unsigned char, 16> kPlaces = {0,  2,  4,  6,  9,  11, 14, 16,
                                                     19, 21, 24, 26, 28, 30, 32, 34};
  for (size_t i = 0; i < random.size(); ++i) {
    std::memcpy(out + kPlaces[i], &kHexPairs[random[i] * size_t{2}], 2);
  }
  out[8] = out[13] = out[18] = out[23] = '-';
  out[14] = '4';                         // version 4
  out[19] = "89ab"[random[8] >> 4 & 3];  // the RFC's variant
}

std::string FormatUuid(std::span<const unsigned char, 16> random) {
  std::string text(kUuidSize, '\0');
  WriteUuid(random, text.data());
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != kUuidSize) {
    return false;
  }
  for (size_t index = 0; index < kUuidSize; ++index) {
    if (IsDash(index) ? text[index] != '-' : HexDigit(text[index]) < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace mecha
