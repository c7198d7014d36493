// SPDX-License-Identifier: Apache-2.0
#include "stream_metadata.h"

#include <charconv>
#include <cstdint>

#include "encoding/ascii.h"
#include "encoding/json.h"

namespace MECHA_COMPONENT {
namespace {

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Walks through text that is known to be JSON, so nothing is checked twice.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  char Peek() {
    while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != text_.npos) {
      text_.remove_prefix(1);
    }
    return text_.empty() ? '\0' : text_.front();
  }
  void Skip() {
    Peek();
    text_.remove_prefix(1);
  }

  std::string TakeString() {
    Skip();
    std::string out;
    while (text_.front() != '"') {
      if (text_.front() == '\\') {
        TakeEscape(out);
      } else {
        out += text_.front();
        text_.remove_prefix(1);
      }
    }
    text_.remove_prefix(1);
    return out;
  }

  // A number, a literal, an object or an array, as it is written.
  std::string TakeOther() {
    Peek();
    const std::string_view start = text_;
    int depth = 0;
    for (; !text_.empty(); text_.remove_prefix(1)) {
      const char c = text_.front();
      if (c == '"') {
        TakeString();
        if (depth == 0 || text_.empty()) {
          break;
        }
      }
      depth += text_.front() == '{' || text_.front() == '[' ? 1 : 0;
      if (depth == 0 && (text_.front() == ',' || text_.front() == '}')) {
        break;
      }
      depth -= text_.front() == '}' || text_.front() == ']' ? 1 : 0;
    }
    std::string taken(start.substr(0, start.size() - text_.size()));
    taken.erase(taken.find_last_not_of(" \t\r\n") + 1);
    return taken;
  }

 private:
  uint32_t TakeHex() {
    uint32_t code = 0;
    std::from_chars(text_.data() + 2, text_.data() + 6, code, 16);
    text_.remove_prefix(6);
    return code;
  }

  void TakeEscape(std::string& out) {
    const char kind = text_[1];
    if (kind == 'u') {
      uint32_t code = TakeHex();
      if (code >= 0xD800 && code < 0xDC00 && text_.starts_with("\\u")) {
        code = 0x10000 + ((code - 0xD800) << 10) + (TakeHex() - 0xDC00);
      }
      AppendUtf8(out, code);
      return;
    }
    constexpr std::string_view kKinds = "bfnrt";
    constexpr std::string_view kMeant = "\b\f\n\r\t";
    const size_t found = kKinds.find(kind);
    out += found == kKinds.npos ? kind : kMeant[found];
    text_.remove_prefix(2);
  }

  std::string_view text_;
};

}  // namespace

std::string MetadataToJson(Metadata metadata, std::string_view ordering_key) {
  std::string json;
  const auto add = [&json](std::string_view key, std::string_view value) {
    json += json.empty() ? '{' : ',';
    AppendJsonString(json, key);
    json += ':';
    AppendJsonString(json, value);
  };
  for (const auto& [key, value] : metadata) {
    add(key, value);
    if (EqualsIgnoringCase(key, kOrderingKey)) {
      ordering_key = {};
    }
  }
  if (!ordering_key.empty()) {
    add(kOrderingKey, ordering_key);
  }
  return json.empty() ? json : json + '}';
}

OwnedMetadata MetadataFromJson(std::string_view json) {
  OwnedMetadata metadata;
  Walker walker(json);
  if (walker.Peek() != '{' || !IsJson(json)) {
    return metadata;
  }
  walker.Skip();
  while (walker.Peek() != '}') {
    if (walker.Peek() == ',') {
      walker.Skip();
    }
    std::string key = ToLower(walker.TakeString());
    walker.Peek();
    walker.Skip();  // the colon
    const bool is_text = walker.Peek() == '"';
    metadata.emplace_back(std::move(key), is_text ? walker.TakeString() : walker.TakeOther());
  }
  return metadata;
}

}  // namespace MECHA_COMPONENT
