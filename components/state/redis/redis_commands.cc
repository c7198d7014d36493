// SPDX-License-Identifier: Apache-2.0
#include "redis_commands.h"

#include <string.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

// What a connection keeps between calls; more goes back to the allocator.
constexpr size_t kKeptBytes = 64 * 1024;
constexpr size_t kLeastCapacity = 512;
// "$", a number and the end of the line.
constexpr size_t kLongestHeader = 24;

}  // namespace

void RedisCommands::Clear() {
  if (capacity_ > kKeptBytes) {
    copied_.reset();
    capacity_ = 0;
  }
  size_ = 0;
  outside_.clear();
  outside_bytes_ = 0;
  starts_.clear();
}

void RedisCommands::Grow(size_t least) {
  const size_t capacity = std::max({least, capacity_ * 2, kLeastCapacity});
  std::unique_ptr<char[]> grown(new char[capacity]);
  if (size_ != 0) {
    std::memcpy(grown.get(), copied_.get(), size_);
    explicit_bzero(copied_.get(), size_);  // it may hold a password
  }
  copied_ = std::move(grown);
  capacity_ = capacity;
}

void RedisCommands::AddLength(char mark, size_t length) {
  char* out = Extend(kLongestHeader);
  *out++ = mark;
  if (length < 10) {
    *out++ = static_cast<char>('0' + length);
  } else {
    out = std::to_chars(out, out + kLongestHeader, length).ptr;
  }
  *out++ = '\r';
  *out++ = '\n';
  size_ = static_cast<size_t>(out - copied_.get());
}

void RedisCommands::Begin(size_t count) {
  starts_.push_back(total_bytes());
  AddLength('*', count);
}

void RedisCommands::Add(std::string_view argument) {
  AddLength('$', argument.size());
  if (argument.size() > kLongestCopied) {
    outside_.push_back({size_, argument});
    outside_bytes_ += argument.size();
    argument = {};
  }
  char* out = Extend(argument.size() + 2);
  if (!argument.empty()) {
    std::memcpy(out, argument.data(), argument.size());
  }
  out[argument.size()] = '\r';
  out[argument.size() + 1] = '\n';
  size_ += argument.size() + 2;
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
  const std::string_view text(copied_.get(), size_);
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
  if (size_ != 0) {
    explicit_bzero(copied_.get(), size_);
  }
  Clear();
}

}  // namespace MECHA_COMPONENT
