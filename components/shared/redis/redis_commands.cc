// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_commands.h"

#include <charconv>
#include <cstring>

namespace mecha::components {
namespace {

// "$", a number and the end of the line.
constexpr size_t kLongestHeader = 24;

}  // namespace

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
  Written(out);
}

void RedisCommands::Begin(size_t count) {
  StartRequest();
  AddLength('*', count);
}

void RedisCommands::Add(std::string_view argument) {
  AddLength('$', argument.size());
  if (argument.size() > kLongestCopied) {
    AddOutside(argument);
    argument = {};
  }
  char* out = Extend(argument.size() + 2);
  if (!argument.empty()) {
    std::memcpy(out, argument.data(), argument.size());
  }
  out[argument.size()] = '\r';
  out[argument.size() + 1] = '\n';
  Written(out + argument.size() + 2);
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

}  // namespace mecha::components
