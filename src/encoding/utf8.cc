// SPDX-License-Identifier: Apache-2.0
#include "encoding/utf8.h"

#include <algorithm>
#include <array>
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

// Whether the bytes at `in` are all ASCII.
bool AreEightAscii(const unsigned char* in) {
  uint64_t word = 0;
  std::memcpy(&word, in, sizeof word);
  return (word & kHighBits) == 0;
}

// The same of so many: as wide as every machine can.
constexpr size_t kStride = 128;

bool IsStrideAscii(const unsigned char* in) {
  using Wide [[gnu::vector_size(16)]] = uint64_t;
  std::array<Wide, kStride / sizeof(Wide)> words;
  std::memcpy(words.data(), in, kStride);
  const Wide all = ((words[0] | words[1]) | (words[2] | words[3])) |
                   ((words[4] | words[5]) | (words[6] | words[7]));
  return ((all[0] | all[1]) & kHighBits) == 0;
}

}  // namespace

bool IsAscii(std::string_view text) {
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = in + text.size();
  while (end - in >= static_cast<ptrdiff_t>(kStride)) {
    if (!IsStrideAscii(in)) {
      return false;
    }
    in += kStride;
  }
  while (end - in >= 8) {
    if (!AreEightAscii(in)) {
      return false;
    }
    in += 8;
  }
  if (text.size() >= 8) {
    return AreEightAscii(end - 8);
  }
  unsigned char all = 0;
  for (; in != end; ++in) {
    all |= *in;
  }
  return all < 0x80;
}

size_t ValidUtf8Prefix(std::string_view text) {
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  size_t at = 0;
  while (at < text.size()) {
    const size_t left = text.size() - at;
    if (left >= kStride && IsStrideAscii(in + at)) {
      at += kStride;
      continue;
    }
    if (left >= 8 && AreEightAscii(in + at)) {
      at += 8;
      continue;
    }
    if (left < 8 && text.size() >= 8 && AreEightAscii(in + text.size() - 8)) {
      return text.size();
    }
    const size_t length = CharacterLength(in + at, left);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return at;
}

bool IsValidUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

}  // namespace mecha
