// SPDX-License-Identifier: Apache-2.0
// CelTokenizer: cuts the source of an expression into tokens: names, literals with their values,
// operators. Knows nothing of grammar. Belongs to one compiling thread; views point into the
// source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mecha {

struct CelToken {
  enum class Kind : uint8_t {
    kEnd,
    kName,
    kInt,     // `number`, as written, without a sign: up to 2^63
    kUint,    // `number`
    kDouble,  // `real`
    kString,  // `text`
    kBytes,   // `text`
    kSymbol,  // an operator or bracket: `source`
    kBroken,  // `text` says why
  };

  Kind kind = Kind::kEnd;
  uint32_t offset = 0;
  std::string_view source;
  uint64_t number = 0;
  double real = 0;
  std::string text;

  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && source == symbol; }
  // Names and words as `in`, `true` alike.
  bool IsWord(std::string_view word) const { return kind == Kind::kName && source == word; }
};

class CelTokenizer {
 public:
  // `source` is UTF-8 and shorter than 4 GB.
  explicit CelTokenizer(std::string_view source) : source_(source) {}

  // kEnd for ever at the end; nothing useful after kBroken.
  CelToken Next();

 private:
  void SkipBlanks();
  char At(size_t offset) const { return offset < source_.size() ? source_[offset] : '\0'; }
  size_t SkipDigits(size_t at) const;
  bool SkipExponent(size_t& at) const;
  void ReadName(CelToken& token);
  void ReadNumber(CelToken& token);
  void ReadHexadecimal(CelToken& token);
  void ReadDecimal(CelToken& token, size_t end);
  void FinishInteger(CelToken& token, std::string_view digits, int radix);
  bool ReadQuoted(CelToken& token);
  void ReadText(CelToken& token, bool is_raw);
  void ReadSymbol(CelToken& token);
  void Break(CelToken& token, std::string_view why) const;

  std::string_view source_;
  size_t at_ = 0;
};

}  // namespace mecha
