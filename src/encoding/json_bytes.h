// SPDX-License-Identifier: Apache-2.0
// The bytes that matter inside a JSON string, found 16 or 8 at a time. Knows nothing of strings'
// ends or of UTF-8: see json_scanner.h and json.h, its two users.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>

namespace mecha {

constexpr uint64_t kEachByte = 0x0101010101010101;
constexpr uint64_t kEachHighBit = 0x8080808080808080;

constexpr bool IsPlainInJson(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

// A high bit for each byte of `eight` that is a quote, a backslash or below 0x20. Only the lowest
// one is sure: subtraction borrows upwards.
constexpr uint64_t SpecialBytes(uint64_t eight) {
  const uint64_t quote = eight ^ (kEachByte * '"');
  const uint64_t backslash = eight ^ (kEachByte * '\\');
  return (((quote - kEachByte) & ~quote) | ((backslash - kEachByte) & ~backslash) |
          ((eight - kEachByte * 0x20) & ~eight)) &
         kEachHighBit;
}

// The first byte in [at, end) that is a quote, a backslash or below 0x20; else `end`. `seen`
// becomes other than 0 when a byte before it is not ASCII (and maybe when only one behind it is).
inline const char* FindSpecial(const char* at, const char* end, uint64_t& seen) {
#ifdef __SSE2__
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_set1_epi8(0x1F);
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes),
                                         _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const auto found = static_cast<uint32_t>(_mm_movemask_epi8(special));
    const auto high = static_cast<uint32_t>(_mm_movemask_epi8(bytes));
    if (found != 0) {
      seen |= high & (found - 1) & ~found;
      return at + std::countr_zero(found);
    }
    seen |= high;
    at += 16;
  }
#endif
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, at, sizeof eight);
      seen |= eight & kEachHighBit;
      if (const uint64_t special = SpecialBytes(eight); special != 0) {
        return at + std::countr_zero(special) / 8;
      }
      at += 8;
    }
  }
  while (at != end && IsPlainInJson(*at)) {
    seen |= static_cast<unsigned char>(*at++) & 0x80;
  }
  return at;
}

}  // namespace mecha
