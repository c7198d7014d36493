// SPDX-License-Identifier: Apache-2.0
// How one write is said to Redis and what the answer means. No input or output.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "contract/state_store.h"
#include "redis/redis_commands.h"
#include "redis/redis_reply.h"
#include "redis/redis_script.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

// OK, or INVALID_ARGUMENT for an etag that is no version number.
Status CheckEtag(const StateWrite& write);

// True when the write runs as a script; an unconditional delete is a plain DEL.
bool NeedsScript(const StateWrite& write);

// One write as a command of its own.
void AddWrite(RedisCommands& commands, const StateWrite& write, ScriptForm form);
// The four arguments a write has in the transaction script.
void AddTransactionArguments(RedisCommands& commands, const StateWrite& write);

// Of a set with a lifetime, as far as the server takes it.
int64_t TtlMilliseconds(const StateWrite& write);

// `status` of an error reply to a script. One that was refused half-way, which only an ACL or an
// unknown error can do, is marked as maybe applied.
Status MarkHalfDone(Status status, const Reply& reply);
// What the reply to AddWrite means, when it is no error.
WriteOutcome ReadOutcome(const StateWrite& write, const Reply& reply);
// The etag a version number in a reply stands for; empty when it is none.
Etag ReadVersion(const Reply& reply);

}  // namespace MECHA_COMPONENT
