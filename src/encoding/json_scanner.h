// SPDX-License-Identifier: Apache-2.0
// JsonScanner: goes through JSON text (RFC 8259) once, checks all of it and gives values as slices
// of that text. It builds no tree and allocates nothing (but for nesting over 64 levels). Stricter
// than the grammar in one thing: half a surrogate pair, which no UTF-8 text can hold, is refused.
// One thread at a time; slices live as long as the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mecha {

enum class JsonKind : uint8_t { kObject, kArray, kString, kNumber, kBoolean, kNull };

// "an object", "a string": for messages.
const char* NameOf(JsonKind kind);

struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  bool has_escapes = false;  // of a string
  std::string_view raw;      // as it is written; a string with its quotes

  // What is between the quotes of a string, escapes as they are written.
  std::string_view inner() const { return raw.substr(1, raw.size() - 2); }
};

// Writes the UTF-8 text of what is between a string's quotes to `out`, which has room for
// `inner.size()` bytes; returns how many were written. `inner` comes from a JsonScanner.
size_t UnescapeJson(std::string_view inner, char* out);

class JsonScanner {
 public:
  static constexpr size_t kAnyDepth = SIZE_MAX;

  // Objects and arrays may be in one another up to `deepest` levels.
  explicit JsonScanner(std::string_view text, size_t deepest = kAnyDepth)
      : begin_(text.data()),
        next_(text.data()),
        end_(text.data() + text.size()),
        deepest_(deepest) {}

  // Each of these skips blanks first.
  // Takes one byte of punctuation if it is next.
  bool Take(char punctuation) {
    SkipBlanks();
    const bool is_next = next_ != end_ && *next_ == punctuation;
    next_ += is_next ? 1 : 0;
    return is_next;
  }
  // Takes one value and all that is in it. Nothing when it is malformed: error() says what is
  // wrong, position() where.
  std::optional<JsonValue> TakeValue();
  // Whether nothing but blanks is left.
  bool IsAtEnd() {
    SkipBlanks();
    return next_ == end_;
  }

  size_t position() const { return static_cast<size_t>(next_ - begin_); }
  const char* error() const { return error_; }

 private:
  void SkipBlanks() {
    while (next_ != end_ && (*next_ == ' ' || *next_ == '\n' || *next_ == '\r' || *next_ == '\t')) {
      ++next_;
    }
  }

  const char* begin_;
  const char* next_;
  const char* end_;
  size_t deepest_;
  const char* error_ = nullptr;
};

}  // namespace mecha
