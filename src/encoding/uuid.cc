// SPDX-License-Identifier: Apache-2.0
#include "encoding/uuid.h"

#include "encoding/hex.h"

namespace mecha {
namespace {

constexpr bool IsDash(size_t index) {
  return index == 8 || index == 13 || index == 18 || index == 23;
}

}  // namespace

void WriteUuid(std::span<const unsigned char, 16> random, char* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  size_t index = 0;
  for (size_t i = 0; i < random.size(); ++i) {
    unsigned byte = random[i];
    if (i == 6) {
      byte = (byte & 0x0F) | 0x40;  // version 4
    } else if (i == 8) {
      byte = (byte & 0x3F) | 0x80;  // the RFC's variant
    }
    if (IsDash(index)) {
      out[index++] = '-';
    }
    out[index++] = kDigits[byte >> 4];
    out[index++] = kDigits[byte & 15];
  }
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
