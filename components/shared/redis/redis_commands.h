// SPDX-License-Identifier: Apache-2.0
// RedisCommands: one or more commands as RESP, ready to be sent together. What is copied and what
// must outlive the sending: connection/send_buffer.h. Not a client: it knows no command by name.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "connection/send_buffer.h"

namespace mecha::components {

class RedisCommands : public SendBuffer {
 public:
  // Starts a command of `count` arguments (its name is the first); `count` calls of Add follow.
  void Begin(size_t count);
  void Add(std::string_view argument);
  void Add(int64_t number);
  // A whole command of arguments that may be copied or must outlive the sending, as Add.
  void AddCommand(std::initializer_list<std::string_view> arguments);

 private:
  void AddLength(char mark, size_t length);
};

}  // namespace mecha::components
