// SPDX-License-Identifier: Apache-2.0
#include "encoding/json.h"

#include <nlohmann/json.hpp>

#include "encoding/utf8.h"

namespace mecha {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) >= 0x20) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kDigits[static_cast<unsigned char>(c) >> 4];
  out += kDigits[static_cast<unsigned char>(c) & 15];
}

}  // namespace

bool IsJson(std::string_view text) {
  return nlohmann::json::accept(text.data(), text.data() + text.size());
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t valid = ValidUtf8Prefix(text);
    for (const char c : text.substr(0, valid)) {
      AppendEscaped(out, c);
    }
    text.remove_prefix(valid);
    if (!text.empty()) {
      out += kReplacement;
      text.remove_prefix(1);
    }
  }
  out += '"';
}

}  // namespace mecha
