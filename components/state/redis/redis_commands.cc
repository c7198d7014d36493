// SPDX-License-Identifier: Apache-2.0
#include "redis_commands.h"

#include <string.h>

#include <algorithm>
#include <charconv>

namespace MECHA_COMPONENT {
namespace {

// What a connection keeps between calls; more goes back to the allocator.
constexpr size_t kKeptBytes = 64 * 1024;

}  // namespace

void RedisCommands::Clear() {
  if (text_.capacity() > kKeptBytes) {
    text_ = std::string();
  }
  text_.clear();
  outside_.clear();
  outside_bytes_ = 0;
  starts_.clear();
}

void RedisCommands::AddLength(char mark, size_t length) {
  char digits[24];
  digits[0] = mark;
  char* end = std::to_chars(digits + 1, digits + sizeof digits - 2, length).ptr;
  *end++ = '\r';
  *end++ = '\n';
  text_.append(digits, end);
}

void RedisCommands::Begin(size_t count) {
  starts_.push_back(total_bytes());
  AddLength('*', count);
}

void RedisCommands::Add(std::string_view argument) {
  AddLength('$', argument.size());
  if (argument.size() <= kLongestCopied) {
    text_.append(argument);
  } else {
    outside_.push_back({text_.size(), argument});
    outside_bytes_ += argument.size();
  }
  text_.append("\r\n", 2);
}

void RedisCommands::Add(int64_t number) {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  Add(std::string_view(digits, static_cast<size_t>(end - digits)));
}

void RedisCommands::AddCommand(std::initializer_list<std::string_view> arguments) {
  Begin(arguments.size());
  for (const std::string_view argument : arguments) {
    Add(argument);
  }
}

size_t RedisCommands::EndOf(size_t index) const {
  return index + 1 < starts_.size() ? starts_[index + 1] : total_bytes();
}

size_t RedisCommands::Pieces(size_t offset, std::span<iovec> pieces) const {
  size_t filled = 0;
  size_t position = 0;  // of the next piece in the whole
  const auto add = [&](std::string_view bytes) {
    const size_t skipped = offset > position ? std::min(offset - position, bytes.size()) : 0;
    position += bytes.size();
    bytes.remove_prefix(skipped);
    if (!bytes.empty()) {
      pieces[filled++] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
  };
  const std::string_view text = text_;
  size_t copied = 0;
  for (const Outside& outside : outside_) {
    if (filled + 2 > pieces.size()) {
      return filled;
    }
    add(text.substr(copied, outside.position - copied));
    add(outside.bytes);
    copied = outside.position;
  }
  if (filled < pieces.size()) {
    add(text.substr(copied));
  }
  return filled;
}

void RedisCommands::Wipe() {
  explicit_bzero(text_.data(), text_.size());
  Clear();
}

}  // namespace MECHA_COMPONENT
