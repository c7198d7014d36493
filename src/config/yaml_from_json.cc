// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_from_json.h"

#include <charconv>
#include <cstdint>

namespace mecha {
namespace {

constexpr size_t kEscapeSize = 6;  // \uD83D

// The number of the escape at `at`; 0 when none stands there.
uint32_t EscapedUnit(std::string_view json, size_t at) {
  if (json.substr(at, 2) != "\\u" || json.size() - at < kEscapeSize) {
    return 0;
  }
  uint32_t unit = 0;
  std::from_chars(json.data() + at + 2, json.data() + at + kEscapeSize, unit, 16);
  return unit;
}

void AppendYamlEscape(std::string& out, uint32_t code_point) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += "\\U";
  for (int shift = 28; shift >= 0; shift -= 4) {
    out += kDigits[(code_point >> shift) & 15];
  }
}

}  // namespace

std::string YamlFromJson(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  size_t at = 0;
  while (at < json.size()) {
    if (json[at] != '\\') {
      out += json[at++];
      continue;
    }
    const uint32_t high = EscapedUnit(json, at);
    const bool is_pair = (high & 0xFC00) == 0xD800;
    const uint32_t low = is_pair ? EscapedUnit(json, at + kEscapeSize) : 0;
    if ((low & 0xFC00) == 0xDC00) {
      AppendYamlEscape(out, 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF));
      at += 2 * kEscapeSize;
    } else {
      out += json.substr(at, 2);
      at += 2;
    }
  }
  return out;
}

}  // namespace mecha
