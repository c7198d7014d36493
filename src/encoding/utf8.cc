// SPDX-License-Identifier: Apache-2.0
#include "encoding/utf8.h"

#include <cstdint>
#include <cstring>

namespace mecha {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

bool IsBetween(unsigned char byte, unsigned low, unsigned high) {
  return byte >= low && byte <= high;
}

// The length of the valid character at the start of `in`, which has `left` > 0 bytes; else 0.
size_t CharacterLength(const unsigned char* in, size_t left) {
  const unsigned char lead = in[0];
  if (lead < 0x80) {
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || left < length) {
    return 0;
  }
  // The second byte's range excludes overlong forms, surrogates and numbers that are too large.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!IsBetween(in[1], low, high)) {
    return 0;
  }
  for (size_t i = 2; i < length; ++i) {
    if (!IsBetween(in[i], 0x80, 0xBF)) {
      return 0;
    }
  }
  return length;
}

}  // namespace

size_t ValidUtf8Prefix(std::string_view text) {
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= sizeof(uint64_t)) {
      uint64_t eight;
      std::memcpy(&eight, in + at, sizeof eight);
      if ((eight & kHighBits) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const size_t length = CharacterLength(in + at, text.size() - at);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return at;
}

bool IsValidUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

}  // namespace mecha
