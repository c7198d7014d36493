// SPDX-License-Identifier: Apache-2.0
#include "memcached_key.h"

#include <algorithm>
#include <array>
#include <string>

#include "encoding/quoted.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

// As zlib and Ethernet have it.
uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

}  // namespace

Status CheckKey(std::string_view key) {
  if (key.size() > kLongestKey) {
    return InvalidArgument("the key has " + std::to_string(key.size()) +
                           " bytes with its prefix; memcached takes at most " +
                           std::to_string(kLongestKey));
  }
  const auto bad = std::find_if(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  if (bad != key.end()) {
    return InvalidArgument("the key " + Quoted(key) +
                           " has a space or a control character, which memcached does not take");
  }
  return OkStatus();
}

size_t ServerOf(std::string_view key, size_t count) { return count <= 1 ? 0 : Crc32(key) % count; }

}  // namespace MECHA_COMPONENT
