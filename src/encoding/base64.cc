// SPDX-License-Identifier: Apache-2.0
#include "encoding/base64.h"

#include <array>
#include <cstdint>

namespace mecha {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// No 24-bit group has this bit: it marks characters outside the alphabet.
constexpr uint32_t kBad = 0x01000000;

using PairTable = std::array<std::array<char, 2>, 4096>;
using WordTable = std::array<uint32_t, 256>;

// Two characters for each 12 bits.
constexpr PairTable MakePairs() {
  PairTable pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  }
  return pairs;
}

// Each character's six bits, moved to their place in the 24-bit group.
constexpr WordTable MakeWords(int shift) {
  WordTable words{};
  words.fill(kBad);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    words[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint32_t>(i) << shift;
  }
  return words;
}

constexpr PairTable kCharacterPairs = MakePairs();
constexpr WordTable kFirstBits = MakeWords(18);
constexpr WordTable kSecondBits = MakeWords(12);
constexpr WordTable kThirdBits = MakeWords(6);
constexpr WordTable kFourthBits = MakeWords(0);

void WriteCharacters(uint32_t twelve_bits, char* out) {
  out[0] = kCharacterPairs[twelve_bits][0];
  out[1] = kCharacterPairs[twelve_bits][1];
}

// Decodes the last two or three characters; returns the number of bytes, 0 when they are wrong.
size_t DecodeTail(const unsigned char* in, size_t size, char* out) {
  if (size != 2 && size != 3) {
    return 0;
  }
  const uint32_t group =
      kFirstBits[in[0]] | kSecondBits[in[1]] | (size == 3 ? kThirdBits[in[2]] : 0);
  const uint32_t stray_bits = size == 3 ? 0xFF : 0xFFFF;
  if (group >= kBad || (group & stray_bits) != 0) {
    return 0;
  }
  out[0] = static_cast<char>(group >> 16);
  if (size == 3) {
    out[1] = static_cast<char>(group >> 8);
  }
  return size - 1;
}

// `text` without its padding; nothing when the padding is wrong.
std::optional<std::string_view> WithoutPadding(std::string_view text) {
  if (text.empty() || text.back() != '=') {
    return text;
  }
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  text.remove_suffix(1);
  if (text.back() == '=') {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

void EncodeBase64(std::string_view bytes, char* out) {
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 3; left -= 3, in += 3, out += 4) {
    const uint32_t group = static_cast<uint32_t>(in[0]) << 16 | in[1] << 8 | in[2];
    WriteCharacters(group >> 12, out);
    WriteCharacters(group & 0xFFF, out + 2);
  }
  if (left == 0) {
    return;
  }
  const uint32_t group = static_cast<uint32_t>(in[0]) << 16 | (left == 2 ? in[1] << 8 : 0);
  WriteCharacters(group >> 12, out);
  out[2] = left == 2 ? kAlphabet[group >> 6 & 63] : '=';
  out[3] = '=';
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text(Base64EncodedSize(bytes.size()), '\0');
  EncodeBase64(bytes, text.data());
  return text;
}

std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  const std::optional<std::string_view> bare = WithoutPadding(text);
  if (!bare.has_value()) {
    return std::nullopt;
  }
  const auto* in = reinterpret_cast<const unsigned char*>(bare->data());
  size_t left = bare->size();
  char* next = out;
  uint32_t seen = 0;
  for (; left >= 4; left -= 4, in += 4, next += 3) {
    const uint32_t group =
        kFirstBits[in[0]] | kSecondBits[in[1]] | kThirdBits[in[2]] | kFourthBits[in[3]];
    seen |= group;
    next[0] = static_cast<char>(group >> 16);
    next[1] = static_cast<char>(group >> 8);
    next[2] = static_cast<char>(group);
  }
  if (seen >= kBad) {
    return std::nullopt;
  }
  if (left != 0) {
    const size_t tail = DecodeTail(in, left, next);
    if (tail == 0) {
      return std::nullopt;
    }
    next += tail;
  }
  return static_cast<size_t>(next - out);
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes(Base64DecodedBound(text.size()), '\0');
  const std::optional<size_t> size = DecodeBase64(text, bytes.data());
  if (!size.has_value()) {
    return std::nullopt;
  }
  bytes.resize(*size);
  return bytes;
}

}  // namespace mecha
