// SPDX-License-Identifier: Apache-2.0
#include "expression/cel_token.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include "encoding/ascii.h"
#include "encoding/quoted.h"
#include "expression/cel_text.h"

namespace mecha {
namespace {

using Kind = CelToken::Kind;

bool IsNameStart(char c) { return c == '_' || IsUpper(ToUpper(c)); }
bool IsHexDigit(char c) { return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'f'); }

}  // namespace

CelToken CelTokenizer::Next() {
  SkipBlanks();
  CelToken token;
  token.offset = static_cast<uint32_t>(at_);
  const size_t start = at_;
  const char c = At(at_);
  if (at_ >= source_.size()) {
    return token;
  }
  if (ReadQuoted(token)) {
    // Read: a text, or bytes, perhaps with the prefixes r and b.
  } else if (IsNameStart(c)) {
    ReadName(token);
  } else if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) {
    ReadNumber(token);
  } else {
    ReadSymbol(token);
  }
  token.source = source_.substr(start, at_ - start);
  return token;
}

void CelTokenizer::SkipBlanks() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r') {
      ++at_;
    } else if (c == '/' && At(at_ + 1) == '/') {
      while (at_ < source_.size() && source_[at_] != '\n' && source_[at_] != '\r') {
        ++at_;
      }
    } else {
      return;
    }
  }
}

void CelTokenizer::Break(CelToken& token, std::string_view why) const {
  token.kind = Kind::kBroken;
  token.text = why;
}

void CelTokenizer::ReadName(CelToken& token) {
  token.kind = Kind::kName;
  while (IsNameStart(At(at_)) || IsDigit(At(at_))) {
    ++at_;
  }
}

size_t CelTokenizer::SkipDigits(size_t at) const {
  while (IsDigit(At(at))) {
    ++at;
  }
  return at;
}

// Moves `at` behind an exponent, if a whole one stands there.
bool CelTokenizer::SkipExponent(size_t& at) const {
  if (ToLower(At(at)) != 'e') {
    return false;
  }
  const bool has_sign = At(at + 1) == '+' || At(at + 1) == '-';
  const size_t digits = at + (has_sign ? 2 : 1);
  const size_t end = SkipDigits(digits);
  if (end == digits) {
    return false;
  }
  at = end;
  return true;
}

void CelTokenizer::ReadNumber(CelToken& token) {
  if (At(at_) == '0' && ToLower(At(at_ + 1)) == 'x') {
    ReadHexadecimal(token);
    return;
  }
  size_t end = SkipDigits(at_);
  bool is_double = false;
  if (At(end) == '.' && IsDigit(At(end + 1))) {
    is_double = true;
    end = SkipDigits(end + 1);
  }
  is_double |= SkipExponent(end);
  if (is_double) {
    ReadDecimal(token, end);
  } else {
    const std::string_view digits = source_.substr(at_, end - at_);
    at_ = end;
    FinishInteger(token, digits, 10);
  }
  if (token.kind != Kind::kBroken && (IsNameStart(At(at_)) || IsDigit(At(at_)))) {
    Break(token, "a number runs into a name. Put a space or an operator between them");
  }
}

void CelTokenizer::ReadHexadecimal(CelToken& token) {
  const size_t start = at_ + 2;
  size_t end = start;
  while (IsHexDigit(At(end))) {
    ++end;
  }
  at_ = end;
  FinishInteger(token, source_.substr(start, end - start), 16);
}

void CelTokenizer::ReadDecimal(CelToken& token, size_t end) {
  const char* last = source_.data() + end;
  const auto [stop, error] = std::from_chars(source_.data() + at_, last, token.real);
  token.kind = Kind::kDouble;
  at_ = end;
  if (error != std::errc{} || stop != last || !std::isfinite(token.real)) {
    Break(token, "a number does not fit into 64 bits");
  }
}

void CelTokenizer::FinishInteger(CelToken& token, std::string_view digits, int radix) {
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, token.number, radix);
  token.kind = ToLower(At(at_)) == 'u' ? Kind::kUint : Kind::kInt;
  at_ += token.kind == Kind::kUint ? 1 : 0;
  constexpr uint64_t kMostNegated = uint64_t{1} << 63;
  if (error != std::errc{} || stop != end ||
      (token.kind == Kind::kInt && token.number > kMostNegated)) {
    Break(token, "a number does not fit into 64 bits");
  }
}

// False when no text stands here. Prefixes: r (raw), b (bytes), in both orders and cases.
bool CelTokenizer::ReadQuoted(CelToken& token) {
  size_t at = at_;
  bool is_raw = false;
  bool is_bytes = false;
  for (;; ++at) {
    const char c = ToLower(At(at));
    if (c == 'r' && !is_raw) {
      is_raw = true;
    } else if (c == 'b' && !is_bytes) {
      is_bytes = true;
    } else {
      break;
    }
  }
  if (At(at) != '"' && At(at) != '\'') {
    return false;
  }
  token.kind = is_bytes ? Kind::kBytes : Kind::kString;
  at_ = at;
  ReadText(token, is_raw);
  return true;
}

void CelTokenizer::ReadText(CelToken& token, bool is_raw) {
  const std::string_view rest = source_.substr(at_);
  const char quote = rest[0];
  const std::string three(3, quote);
  const std::string_view end = rest.starts_with(three) ? three : std::string_view(three).substr(2);
  const bool may_break = end.size() == 3;
  size_t at = end.size();
  while (at < rest.size() && !rest.substr(at).starts_with(end)) {
    if (!may_break && (rest[at] == '\n' || rest[at] == '\r')) {
      break;
    }
    at += rest[at] == '\\' && !is_raw ? 2 : 1;
  }
  if (at >= rest.size() || !rest.substr(at).starts_with(end)) {
    Break(token, "a text has no end. Close it with " + std::string(end));
    at_ = source_.size();
    return;
  }
  const std::string_view inside = rest.substr(end.size(), at - end.size());
  at_ += at + end.size();
  if (is_raw) {
    token.text = inside;
    return;
  }
  const bool is_bytes = token.kind == Kind::kBytes;
  if (std::optional<std::string> text = UnescapeCelText(inside, is_bytes); text.has_value()) {
    token.text = *std::move(text);
  } else {
    Break(token,
          "a backslash in a text begins no escape that CEL has. Write \\\\ for the sign itself");
  }
}

void CelTokenizer::ReadSymbol(CelToken& token) {
  constexpr std::string_view kDouble[] = {"==", "!=", "<=", ">=", "&&", "||"};
  const std::string_view two = source_.substr(at_, 2);
  token.kind = Kind::kSymbol;
  for (const std::string_view symbol : kDouble) {
    if (two == symbol) {
      at_ += 2;
      return;
    }
  }
  constexpr std::string_view kSingle = "<>()[]{}.,-!?:+*/%";
  if (kSingle.find(source_[at_]) == std::string_view::npos) {
    const std::string hint = source_[at_] == '=' ? ". Two values are compared with \"==\""
                             : two[0] == '&' || two[0] == '|' ? ". Write it twice"
                                                              : "";
    size_t end = at_ + 1;
    while ((static_cast<unsigned char>(At(end)) & 0xC0) == 0x80) {
      ++end;
    }
    Break(token, Quoted(source_.substr(at_, end - at_)) + " is no sign of an expression" + hint);
    at_ = end - 1;
  }
  ++at_;
}

}  // namespace mecha
