// SPDX-License-Identifier: Apache-2.0
// RedisScript: a Lua script and how it is sent: by its hash, or whole when the server does not know
// it yet. Not what it does. No input or output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "redis/redis_commands.h"
#include "redis/redis_reply.h"

namespace mecha::components {

struct RedisScript {
  std::string_view text;
  std::string_view sha1;  // of the text, in hexadecimal: how EVALSHA names it
};

enum class ScriptForm : uint8_t { kHash, kText };

// Starts EVAL or EVALSHA with room for `keys` keys and `arguments` arguments, which follow.
void BeginScript(RedisCommands& commands, const RedisScript& script, ScriptForm form, size_t keys,
                 size_t arguments);

bool IsNoScript(const Reply& reply);

}  // namespace mecha::components
