// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <system_error>

#include "expression/utf8_text.h"

namespace mecha {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void SkipBlanks(std::string_view& text) {
  size_t at = 0;
  while (at < text.size() && IsBlank(text[at])) {
    ++at;
  }
  text.remove_prefix(at);
}

std::string_view WithoutBlanks(std::string_view text) {
  SkipBlanks(text);
  while (!text.empty() && IsBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// Where the string that begins at `at`, a quote, ends: behind its closing quote; npos without one.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      return at + 1;
    }
    if (text[at] == '\\') {
      ++at;
    }
  }
  return std::string_view::npos;
}

size_t EndOfContainer(std::string_view text) {
  size_t depth = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = EndOfString(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

size_t EndOfWord(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && !IsBlank(text[at]) && text[at] != ',' && text[at] != ']' &&
         text[at] != '}') {
    ++at;
  }
  return at;
}

// Takes the value at the start of `text` off it; empty when there is none.
std::string_view TakeValue(std::string_view& text) {
  if (text.empty()) {
    return {};
  }
  const char first = text[0];
  const size_t end = first == '"'                   ? EndOfString(text, 0)
                     : first == '{' || first == '[' ? EndOfContainer(text)
                                                    : EndOfWord(text);
  if (end == std::string_view::npos) {
    return {};
  }
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end);
  return value;
}

CelValue NumberOfJson(std::string_view json) {
  double number = 0;
  const char* end = json.data() + json.size();
  const auto [stop, error] = std::from_chars(json.data(), end, number);
  if (error == std::errc::result_out_of_range) {
    return CelValue::Error(CelFault::kOutOfRange, "a number of the message");
  }
  const bool is_number = error == std::errc{} && stop == end && std::isfinite(number);
  return is_number ? CelValue::Double(number) : CelValue::Error(CelFault::kBadJson);
}

// The four digits behind \u; nothing when they are none.
std::optional<uint32_t> FourDigits(std::string_view raw) {
  if (raw.size() < 4) {
    return std::nullopt;
  }
  uint32_t unit = 0;
  const auto [stop, error] = std::from_chars(raw.data(), raw.data() + 4, unit, 16);
  return error == std::errc{} && stop == raw.data() + 4 ? std::optional(unit) : std::nullopt;
}

// Appends the character that begins `raw`, just behind "\u", and takes it off. A lone half of a
// pair becomes U+FFFD.
bool AppendUnicode(std::string& out, std::string_view& raw) {
  const std::optional<uint32_t> unit = FourDigits(raw);
  if (!unit.has_value()) {
    return false;
  }
  raw.remove_prefix(4);
  uint32_t code_point = *unit;
  if ((code_point & 0xFC00) == 0xD800 && raw.starts_with("\\u")) {
    const std::optional<uint32_t> low = FourDigits(raw.substr(2));
    if (low.has_value() && (*low & 0xFC00) == 0xDC00) {
      code_point = 0x10000 + ((code_point & 0x3FF) << 10) + (*low & 0x3FF);
      raw.remove_prefix(6);
    }
  }
  AppendUtf8(out, IsCodePoint(code_point) ? code_point : 0xFFFD);
  return true;
}

// False when an escape is none.
bool Unescape(std::string_view raw, std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kCharacters = "\"\\/\b\f\n\r\t";
  while (!raw.empty()) {
    const size_t plain = raw.find('\\');
    out += raw.substr(0, plain);
    if (plain == std::string_view::npos) {
      return true;
    }
    raw.remove_prefix(plain + 1);
    if (raw.empty()) {
      return false;
    }
    const char name = raw[0];
    raw.remove_prefix(1);
    if (const size_t known = kNames.find(name); known != std::string_view::npos) {
      out += kCharacters[known];
    } else if (name != 'u' || !AppendUnicode(out, raw)) {
      return false;
    }
  }
  return true;
}

}  // namespace

CelValue TextOfJson(std::string_view raw, CelArena& arena) {
  if (raw.find('\\') == std::string_view::npos) {
    return CelValue::String(raw);
  }
  if (!arena.HasRoomFor(raw.size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  std::string text;
  if (!Unescape(raw, text)) {
    return CelValue::Error(CelFault::kBadJson);
  }
  const std::optional<std::string_view> owned = arena.Own(std::move(text));
  return owned.has_value() ? CelValue::String(*owned) : CelValue::Error(CelFault::kTooMuch);
}

bool IsJsonText(std::string_view raw, std::string_view text) {
  if (raw.find('\\') == std::string_view::npos) {
    return raw == text;
  }
  std::string unescaped;
  return Unescape(raw, unescaped) && unescaped == text;
}

CelValue ValueOfJson(std::string_view json, CelArena& arena) {
  const std::string_view value = WithoutBlanks(json);
  if (value.empty()) {
    return CelValue::Error(CelFault::kBadJson);
  }
  // What stands inside is read when somebody asks for it.
  if (value[0] == '{' && value.back() == '}') {
    return CelValue::JsonMap(value);
  }
  if (value[0] == '[' && value.back() == ']') {
    return CelValue::JsonList(value);
  }
  if (!arena.Spend(value.size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  if (value[0] == '"') {
    return EndOfString(value, 0) == value.size()
               ? TextOfJson(value.substr(1, value.size() - 2), arena)
               : CelValue::Error(CelFault::kBadJson);
  }
  if (value == "true" || value == "false") {
    return CelValue::Bool(value == "true");
  }
  return value == "null" ? CelValue() : NumberOfJson(value);
}

std::optional<CelValue> FindInJson(std::string_view object, std::string_view key, CelArena& arena) {
  if (!arena.Spend(object.size())) {
    return CelValue::Error(CelFault::kTooMuch);
  }
  JsonWalk walk(object);
  std::optional<std::string_view> found;
  while (walk.Next()) {
    if (IsJsonText(walk.raw_key(), key)) {
      found = walk.value();
    }
  }
  if (walk.is_broken()) {
    return CelValue::Error(CelFault::kBadJson);
  }
  return found.has_value() ? std::optional(ValueOfJson(*found, arena)) : std::nullopt;
}

JsonWalk::JsonWalk(std::string_view container)
    : rest_(container), is_object_(container.starts_with('{')) {
  rest_.remove_prefix(rest_.empty() ? 0 : 1);
}

bool JsonWalk::Break() {
  is_broken_ = true;
  is_done_ = true;
  return false;
}

bool JsonWalk::Next() {
  if (is_done_) {
    return false;
  }
  SkipBlanks(rest_);
  if (rest_.size() == 1 && rest_[0] == (is_object_ ? '}' : ']')) {
    is_done_ = true;
    return false;
  }
  if (!is_first_) {
    if (!rest_.starts_with(',')) {
      return Break();
    }
    rest_.remove_prefix(1);
    SkipBlanks(rest_);
  }
  is_first_ = false;
  return ReadEntry() || Break();
}

bool JsonWalk::ReadEntry() {
  if (is_object_) {
    const std::string_view key = rest_.starts_with('"') ? TakeValue(rest_) : std::string_view();
    SkipBlanks(rest_);
    if (key.empty() || !rest_.starts_with(':')) {
      return false;
    }
    key_ = key.substr(1, key.size() - 2);
    rest_.remove_prefix(1);
    SkipBlanks(rest_);
  }
  value_ = TakeValue(rest_);
  return !value_.empty();
}

}  // namespace mecha
