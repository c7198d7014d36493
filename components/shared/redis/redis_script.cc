// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_script.h"

namespace mecha::components {

void BeginScript(RedisCommands& commands, const RedisScript& script, ScriptForm form, size_t keys,
                 size_t arguments) {
  commands.Begin(3 + keys + arguments);
  if (form == ScriptForm::kHash) {
    commands.Add("EVALSHA");
    commands.Add(script.sha1);
  } else {
    commands.Add("EVAL");
    commands.Add(script.text);
  }
  commands.Add(static_cast<int64_t>(keys));
}

bool IsNoScript(const Reply& reply) {
  return reply.is_error() && reply.text().starts_with("NOSCRIPT");
}

}  // namespace mecha::components
