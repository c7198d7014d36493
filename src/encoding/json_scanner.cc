// SPDX-License-Identifier: Apache-2.0
#include "encoding/json_scanner.h"

#include <cstring>

#include "encoding/ascii.h"
#include "encoding/hex.h"
#include "encoding/json_bytes.h"
#include "encoding/utf8.h"

namespace mecha {
namespace {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool IsHighSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool IsLowSurrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

JsonKind KindOf(char first) {
  switch (first) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
    case 'f':
      return JsonKind::kBoolean;
    case 'n':
      return JsonKind::kNull;
    default:
      return JsonKind::kNumber;
  }
}

// The four digits at `at`, or nothing when they are none.
std::optional<uint32_t> UnitAt(const char* at, const char* end) {
  if (end - at < 4) {
    return std::nullopt;
  }
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(at[i]);
    if (digit < 0) {
      return std::nullopt;
    }
    unit = unit << 4 | digit;
  }
  return static_cast<uint32_t>(unit);
}

char* AppendUtf8(uint32_t code, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 63));
    }
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
  return out;
}

// What \b, \f, \n, \r and \t stand for; other characters stand for themselves.
constexpr char Unescaped(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

// Takes the digits of one \u, or of two when the first is half a pair, off the front of `at`.
uint32_t TakeCode(const char*& at) {
  const uint32_t unit = UnitAt(at, at + 4).value_or(0);
  at += 4;
  if (!IsHighSurrogate(unit)) {
    return unit;
  }
  const uint32_t low = UnitAt(at + 2, at + 6).value_or(0);
  at += 6;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

const char* NameOf(JsonKind kind) {
  constexpr const char* kNames[] = {"an object", "an array",  "a string",
                                    "a number",  "a boolean", "null"};
  return kNames[static_cast<size_t>(kind)];
}

size_t UnescapeJson(std::string_view inner, char* out) {
  const char* const start = out;
  const char* at = inner.data();
  const char* const end = at + inner.size();
  while (at != end) {
    const void* const found = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const char* const escape = found == nullptr ? end : static_cast<const char*>(found);
    std::memcpy(out, at, static_cast<size_t>(escape - at));
    out += escape - at;
    at = escape;
    if (at == end) {
      break;
    }
    const char which = at[1];
    at += 2;
    if (which == 'u') {
      out = AppendUtf8(TakeCode(at), out);
    } else {
      *out++ = Unescaped(which);
    }
  }
  return static_cast<size_t>(out - start);
}

void JsonScanner::Nesting::Push(bool is_object) {
  if (depth_ != 0 && depth_ % 64 == 0) {
    outer_.push_back(word_);
  }
  word_ = word_ << 1 | (is_object ? 1 : 0);
  ++depth_;
}

void JsonScanner::Nesting::Pop() {
  --depth_;
  word_ >>= 1;
  if (depth_ != 0 && depth_ % 64 == 0) {
    word_ = outer_.back();
    outer_.pop_back();
  }
}

bool JsonScanner::Fail(const char* what) {
  error_ = what;
  return false;
}

void JsonScanner::SkipBlanks() {
  while (next_ != end_ && IsBlank(*next_)) {
    ++next_;
  }
}

bool JsonScanner::Take(char punctuation) {
  SkipBlanks();
  if (Byte() != punctuation || next_ == end_) {
    return false;
  }
  ++next_;
  return true;
}

bool JsonScanner::IsAtEnd() {
  SkipBlanks();
  return next_ == end_;
}

std::optional<JsonValue> JsonScanner::TakeValue() {
  SkipBlanks();
  const char* const start = next_;
  has_escapes_ = false;
  if (!SkipValue()) {
    return std::nullopt;
  }
  JsonValue value;
  value.kind = KindOf(*start);
  value.has_escapes = value.kind == JsonKind::kString && has_escapes_;
  value.raw = {start, static_cast<size_t>(next_ - start)};
  return value;
}

// Loops where a parser would recurse, so nesting costs a bit a level and no stack.
bool JsonScanner::SkipValue() {
  Nesting nesting;
  Step step = Step::kValueNext;
  while (step == Step::kValueNext) {
    step = Begin(nesting);
    if (step == Step::kComplete) {
      step = Continue(nesting);
    }
  }
  return step == Step::kComplete;
}

// At the first byte of a value: skips it, or opens it when something is in it.
JsonScanner::Step JsonScanner::Begin(Nesting& nesting) {
  const auto step = [](bool is_well) { return is_well ? Step::kComplete : Step::kFailed; };
  switch (Byte()) {
    case '"':
      return step(SkipString());
    case '{':
      return Open(nesting, true);
    case '[':
      return Open(nesting, false);
    case 't':
      return step(SkipWord("true"));
    case 'f':
      return step(SkipWord("false"));
    case 'n':
      return step(SkipWord("null"));
    default:
      return step(Byte() == '-' || IsDigit(Byte()) ? SkipNumber() : Fail("a value was expected"));
  }
}

JsonScanner::Step JsonScanner::Open(Nesting& nesting, bool is_object) {
  if (nesting.depth() >= deepest_) {
    Fail("objects and arrays are nested too deeply");
    return Step::kFailed;
  }
  ++next_;
  if (Take(is_object ? '}' : ']')) {
    return Step::kComplete;
  }
  nesting.Push(is_object);
  return !is_object || SkipName() ? Step::kValueNext : Step::kFailed;
}

// Behind a value: closes what ends here, and goes to the next value if there is one.
JsonScanner::Step JsonScanner::Continue(Nesting& nesting) {
  while (nesting.depth() != 0) {
    const bool is_in_object = nesting.is_in_object();
    if (Take(',')) {
      SkipBlanks();
      return !is_in_object || SkipName() ? Step::kValueNext : Step::kFailed;
    }
    if (!Take(is_in_object ? '}' : ']')) {
      Fail(is_in_object ? "',' or '}' was expected" : "',' or ']' was expected");
      return Step::kFailed;
    }
    nesting.Pop();
  }
  return Step::kComplete;
}

// A member's name and its colon, up to the first byte of its value.
bool JsonScanner::SkipName() {
  if (Byte() != '"') {
    return Fail("a name in quotes was expected");
  }
  if (!SkipString()) {
    return false;
  }
  if (!Take(':')) {
    return Fail("':' was expected");
  }
  SkipBlanks();
  return true;
}

bool JsonScanner::SkipString() {
  const char* const start = ++next_;
  uint64_t seen = 0;
  for (;;) {
    next_ = FindSpecial(next_, end_, seen);
    if (next_ == end_) {
      return Fail("the string has no end");
    }
    if (*next_ == '"') {
      break;
    }
    if (*next_ != '\\') {
      return Fail("a control character must be escaped in a string");
    }
    has_escapes_ = true;
    if (!SkipEscape()) {
      return false;
    }
  }
  if (seen != 0) {
    const std::string_view inner(start, static_cast<size_t>(next_ - start));
    if (const size_t valid = ValidUtf8Prefix(inner); valid != inner.size()) {
      next_ = start + valid;
      return Fail("the string is not UTF-8");
    }
  }
  ++next_;
  return true;
}

bool JsonScanner::SkipEscape() {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  const char which = end_ - next_ < 2 ? '\0' : next_[1];
  if (which == 'u') {
    return SkipUnicode();
  }
  if (which == '\0' || kSimple.find(which) == std::string_view::npos) {
    return Fail("there is no such escape");
  }
  next_ += 2;
  return true;
}

bool JsonScanner::SkipUnicode() {
  const std::optional<uint32_t> unit = UnitAt(next_ + 2, end_);
  if (!unit.has_value()) {
    return Fail("\\u takes four hexadecimal digits");
  }
  if (!IsHighSurrogate(*unit)) {
    if (IsLowSurrogate(*unit)) {
      return Fail("the second half of a surrogate pair stands alone");
    }
    next_ += 6;
    return true;
  }
  const bool has_second = end_ - next_ >= 12 && next_[6] == '\\' && next_[7] == 'u';
  if (!has_second || !IsLowSurrogate(UnitAt(next_ + 8, end_).value_or(0))) {
    return Fail("the first half of a surrogate pair stands alone");
  }
  next_ += 12;
  return true;
}

bool JsonScanner::SkipDigits() {
  if (!IsDigit(Byte())) {
    return Fail("a digit was expected");
  }
  while (IsDigit(Byte())) {
    ++next_;
  }
  return true;
}

bool JsonScanner::SkipNumber() {
  if (Byte() == '-') {
    ++next_;
  }
  if (Byte() == '0') {
    ++next_;
  } else if (!SkipDigits()) {
    return false;
  }
  if (Byte() == '.') {
    ++next_;
    if (!SkipDigits()) {
      return false;
    }
  }
  if (Byte() != 'e' && Byte() != 'E') {
    return true;
  }
  ++next_;
  if (Byte() == '+' || Byte() == '-') {
    ++next_;
  }
  return SkipDigits();
}

bool JsonScanner::SkipWord(std::string_view word) {
  if (std::string_view(next_, static_cast<size_t>(end_ - next_)).substr(0, word.size()) != word) {
    return Fail("a value was expected");
  }
  next_ += word.size();
  return true;
}

}  // namespace mecha
