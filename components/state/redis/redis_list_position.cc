// SPDX-License-Identifier: Apache-2.0
#include "redis_list_position.h"

#include <charconv>

#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

Status Malformed() {
  return InvalidArgument("the list position is damaged; start the listing again without one");
}

// Reads a number and the `mark` after it, and removes both from `text`.
bool TakeNumber(std::string_view* text, char mark, uint64_t* number) {
  const char* last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, *number);
  if (error != std::errc() || end == last || *end != mark) {
    return false;
  }
  text->remove_prefix(static_cast<size_t>(end - text->data()) + 1);
  return true;
}

}  // namespace

std::string ListPosition::Text() const {
  std::string text = std::to_string(cursor) + ";";
  for (const std::string& key : keys) {
    text += std::to_string(key.size()) + ":" + key;
  }
  return text;
}

StatusOr<ListPosition> ParsePosition(std::string_view text, std::string_view prefix) {
  ListPosition position;
  if (!TakeNumber(&text, ';', &position.cursor)) {
    return Malformed();
  }
  while (!text.empty()) {
    uint64_t length = 0;
    if (!TakeNumber(&text, ':', &length) || length > text.size() ||
        !text.substr(0, length).starts_with(prefix)) {
      return Malformed();
    }
    position.keys.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return position;
}

std::string PrefixPattern(std::string_view prefix) {
  std::string pattern;
  pattern.reserve(prefix.size() + 1);
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') {
      pattern += '\\';
    }
    pattern += c;
  }
  return pattern + "*";
}

}  // namespace MECHA_COMPONENT
