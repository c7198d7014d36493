// SPDX-License-Identifier: Apache-2.0
#include "encoding/json_scanner.h"

#include <cstring>
#include <vector>

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

// What is wrong with a text, and where.
struct Mistake {
  const char* what = nullptr;
  const char* at = nullptr;
};

// Skips one escape; null when there is no such one.
const char* SkipEscape(const char* at, const char* end, Mistake& mistake) {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  const auto fail = [&](const char* what) {
    mistake = {what, at};
    return nullptr;
  };
  const char which = end - at < 2 ? '\0' : at[1];
  if (which != 'u') {
    const bool is_known = which != '\0' && kSimple.find(which) != std::string_view::npos;
    return is_known ? at + 2 : fail("there is no such escape");
  }
  const std::optional<uint32_t> unit = UnitAt(at + 2, end);
  if (!unit.has_value()) {
    return fail("\\u takes four hexadecimal digits");
  }
  if (IsLowSurrogate(*unit)) {
    return fail("the second half of a surrogate pair stands alone");
  }
  if (!IsHighSurrogate(*unit)) {
    return at + 6;
  }
  const bool has_second = end - at >= 12 && at[6] == '\\' && at[7] == 'u';
  return has_second && IsLowSurrogate(UnitAt(at + 8, end).value_or(0))
             ? at + 12
             : fail("the first half of a surrogate pair stands alone");
}

// Skips a string that has escapes, is not ASCII or is malformed, from behind its first quote; null
// when it is malformed.
const char* SkipOddString(const char* const start, const char* end, Mistake& mistake,
                          bool& has_escapes) {
  uint64_t seen = 0;
  const char* at = FindSpecial(start, end, seen);
  while (at != end && *at == '\\') {
    has_escapes = true;
    at = SkipEscape(at, end, mistake);
    if (at == nullptr) {
      return nullptr;
    }
    at = FindSpecial(at, end, seen);
  }
  if (at == end || *at != '"') {
    mistake = {
        at == end ? "the string has no end" : "a control character must be escaped in a string",
        at};
    return nullptr;
  }
  const std::string_view inner(start, static_cast<size_t>(at - start));
  if (const size_t valid = seen == 0 ? inner.size() : ValidUtf8Prefix(inner);
      valid != inner.size()) {
    mistake = {"the string is not UTF-8", start + valid};
    return nullptr;
  }
  return at + 1;
}

// Which containers are open, one bit each: an object, or an array.
class Nesting {
 public:
  size_t depth() const { return depth_; }
  bool is_in_object() const { return (word_ & 1) != 0; }

  void Push(bool is_object) {
    if (depth_ != 0 && depth_ % 64 == 0) [[unlikely]] {
      outer_.push_back(word_);
    }
    word_ = word_ << 1 | (is_object ? 1 : 0);
    ++depth_;
  }
  void Pop() {
    --depth_;
    word_ >>= 1;
    if (depth_ != 0 && depth_ % 64 == 0) [[unlikely]] {
      word_ = outer_.back();
      outer_.pop_back();
    }
  }

 private:
  uint64_t word_ = 0;
  size_t depth_ = 0;
  std::vector<uint64_t> outer_;  // full words
};

// Goes over one value. Loops where a parser would recurse, so nesting costs a bit a level and no
// stack. All of it is inlined into SkipValue and what is rare gets no address of `at_`, so that the
// place stays in a register: that halves the time.
class Walk {
 public:
  Walk(const char* at, const char* end, size_t deepest) : at_(at), end_(end), deepest_(deepest) {}

  bool SkipValue() {
    Step step = Step::kValueNext;
    while (step == Step::kValueNext) {
      step = Begin();
      if (step == Step::kComplete) {
        step = Continue();
      }
    }
    return step == Step::kComplete;
  }

  const char* place() const { return mistake_.what == nullptr ? at_ : mistake_.at; }
  const char* error() const { return mistake_.what; }
  bool has_escapes() const { return has_escapes_; }

 private:
  enum class Step : uint8_t { kValueNext, kComplete, kFailed };

  bool Fail(const char* what) {
    mistake_ = {what, at_};
    return false;
  }
  char Byte() const { return at_ == end_ ? '\0' : *at_; }
  // Goes to the next byte that is no blank, and returns it.
  char NextByte() {
    for (; at_ != end_; ++at_) {
      const char byte = *at_;
      if (static_cast<unsigned char>(byte) > ' ' || !IsBlank(byte)) {  // mostly the first
        return byte;
      }
    }
    return '\0';
  }

  // At the first byte of a value: skips it, or opens it when something is in it.
  Step Begin() {
    switch (Byte()) {
      case '"':
        return StepOf(SkipString());
      case '{':
        return Open(true);
      case '[':
        return Open(false);
      case 't':
        return StepOf(SkipWord("true"));
      case 'f':
        return StepOf(SkipWord("false"));
      case 'n':
        return StepOf(SkipWord("null"));
      default:
        return StepOf(Byte() == '-' || IsDigit(Byte()) ? SkipNumber()
                                                       : Fail("a value was expected"));
    }
  }
  static Step StepOf(bool is_well) { return is_well ? Step::kComplete : Step::kFailed; }

  Step Open(bool is_object) {
    if (nesting_.depth() >= deepest_) {
      Fail("objects and arrays are nested too deeply");
      return Step::kFailed;
    }
    ++at_;
    if (NextByte() == (is_object ? '}' : ']')) {
      ++at_;
      return Step::kComplete;
    }
    nesting_.Push(is_object);
    return NextValue(is_object);
  }

  // Behind a value: closes what ends here, and goes to the next value if there is one.
  Step Continue() {
    while (nesting_.depth() != 0) {
      const bool is_in_object = nesting_.is_in_object();
      const char byte = NextByte();
      if (byte == ',') {
        ++at_;
        NextByte();
        return NextValue(is_in_object);
      }
      if (byte != (is_in_object ? '}' : ']')) {
        Fail(is_in_object ? "',' or '}' was expected" : "',' or ']' was expected");
        return Step::kFailed;
      }
      ++at_;
      nesting_.Pop();
    }
    return Step::kComplete;
  }

  // In an object skips the member's name and its colon.
  Step NextValue(bool is_in_object) {
    if (!is_in_object) {
      return Step::kValueNext;
    }
    if (Byte() != '"') {
      Fail("a name in quotes was expected");
      return Step::kFailed;
    }
    if (!SkipString()) {
      return Step::kFailed;
    }
    if (NextByte() != ':') {
      Fail("':' was expected");
      return Step::kFailed;
    }
    ++at_;
    NextByte();
    return Step::kValueNext;
  }

  bool SkipString() {
    uint64_t seen = 0;
    const char* const start = at_ + 1;
    const char* const quote = FindSpecial(start, end_, seen);
    if (quote != end_ && *quote == '"' && seen == 0) [[likely]] {
      at_ = quote + 1;
      return true;
    }
    const char* const behind = SkipOddString(start, end_, mistake_, has_escapes_);
    at_ = behind == nullptr ? at_ : behind;
    return behind != nullptr;
  }

  bool SkipDigits() {
    if (!IsDigit(Byte())) {
      return Fail("a digit was expected");
    }
    while (at_ != end_ && IsDigit(*at_)) {
      ++at_;
    }
    return true;
  }

  bool SkipNumber() {
    if (Byte() == '-') {
      ++at_;
    }
    if (Byte() == '0') {
      ++at_;
    } else if (!SkipDigits()) {
      return false;
    }
    if (Byte() == '.') {
      ++at_;
      if (!SkipDigits()) {
        return false;
      }
    }
    if (Byte() != 'e' && Byte() != 'E') {
      return true;
    }
    ++at_;
    if (Byte() == '+' || Byte() == '-') {
      ++at_;
    }
    return SkipDigits();
  }

  bool SkipWord(std::string_view word) {
    if (static_cast<size_t>(end_ - at_) < word.size() ||
        std::memcmp(at_, word.data(), word.size()) != 0) {
      return Fail("a value was expected");
    }
    at_ += word.size();
    return true;
  }

  const char* at_;
  const char* end_;
  size_t deepest_;
  Nesting nesting_;
  Mistake mistake_;
  bool has_escapes_ = false;
};

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

std::optional<JsonValue> JsonScanner::TakeValue() {
  SkipBlanks();
  Walk walk(next_, end_, deepest_);
  if (!walk.SkipValue()) {
    error_ = walk.error();
    next_ = walk.place();
    return std::nullopt;
  }
  JsonValue value;
  value.kind = KindOf(*next_);
  value.raw = {next_, static_cast<size_t>(walk.place() - next_)};
  value.has_escapes = value.kind == JsonKind::kString && walk.has_escapes();
  next_ = walk.place();
  return value;
}

}  // namespace mecha
