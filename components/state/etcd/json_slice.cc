// SPDX-License-Identifier: Apache-2.0
#include "json_slice.h"

#include <algorithm>

#include "encoding/number.h"

namespace MECHA_COMPONENT {
namespace {

std::string_view WithoutBlanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// How long the string is that `text` begins with, quotes included; 0 when it has no end.
size_t StringSize(std::string_view text) {
  for (size_t at = 1; at < text.size();) {
    const size_t mark = text.find_first_of("\"\\", at);
    if (mark == text.npos) {
      return 0;
    }
    if (text[mark] == '"') {
      return mark + 1;
    }
    at = mark + 2;
  }
  return 0;
}

// The same of an object or an array.
size_t ContainerSize(std::string_view text) {
  size_t depth = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t mark = text.find_first_of("\"{}[]", at);
    if (mark == text.npos) {
      return 0;
    }
    at = mark + 1;
    if (text[mark] == '"') {
      const size_t size = StringSize(text.substr(mark));
      if (size == 0) {
        return 0;
      }
      at = mark + size;
    } else if (text[mark] == '{' || text[mark] == '[') {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
  return 0;
}

}  // namespace

JsonSlice::JsonSlice(std::string_view text) { *this = Take(text); }

JsonSlice JsonSlice::Take(std::string_view text) {
  text = WithoutBlanks(text);
  if (text.empty()) {
    return {};
  }
  size_t size = 0;
  if (text.front() == '"') {
    size = StringSize(text);
  } else if (text.front() == '{' || text.front() == '[') {
    size = ContainerSize(text);
  } else {
    size = std::min(text.find_first_of(",]} \t\r\n"), text.size());
  }
  return {text.substr(0, size), WithoutBlanks(text.substr(size))};
}

JsonSlice JsonSlice::First() const {
  return text_.starts_with('[') && text_ != "[]" ? Take(text_.substr(1)) : JsonSlice();
}

JsonSlice JsonSlice::Next() const {
  return behind_.starts_with(',') ? Take(behind_.substr(1)) : JsonSlice();
}

JsonSlice JsonSlice::Member(std::string_view name) const {
  if (!is_object()) {
    return {};
  }
  JsonSlice key = Take(text_.substr(1));
  while (!key.Text().empty() && key.behind_.starts_with(':')) {
    const JsonSlice value = Take(key.behind_.substr(1));
    if (key.Text() == name) {
      return value;
    }
    key = value.Next();
  }
  return {};
}

std::string_view JsonSlice::Text() const {
  return text_.size() >= 2 && text_.front() == '"' ? text_.substr(1, text_.size() - 2)
                                                   : std::string_view();
}

std::optional<int64_t> JsonSlice::Integer() const {
  if (text_.empty()) {
    return 0;
  }
  return ParseNumber<int64_t>(text_.front() == '"' ? Text() : text_);
}

}  // namespace MECHA_COMPONENT
