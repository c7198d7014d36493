// SPDX-License-Identifier: Apache-2.0
// How streams and consumer groups are spoken of to Redis, as Dapr does. No input or output.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "call/clock.h"
#include "redis/redis_commands.h"
#include "redis/redis_script.h"
#include "stream_id.h"
#include "stream_options.h"

namespace MECHA_COMPONENT {

// Whose messages, and who reads them.
struct StreamPlace {
  std::string topic;
  std::string group;
  std::string consumer;
};

// One entry for the stream `topic`. `json`: its metadata, or "".
void AddPublish(RedisCommands& commands, std::string_view topic, std::string_view payload,
                std::string_view json, const StreamOptions& options, WallTime now);

// Makes the stream and the group, which begins at the stream's first entry.
void AddGroup(RedisCommands& commands, const StreamPlace& place);
// New entries, waiting for the first one.
void AddRead(RedisCommands& commands, const StreamPlace& place, size_t count,
             std::chrono::milliseconds wait);
// What the group has down as in this consumer's hands.
void AddOwn(RedisCommands& commands, const StreamPlace& place, StreamId from, size_t count);
void AddAcknowledge(RedisCommands& commands, const StreamPlace& place,
                    std::span<const StreamId> ids);
void AddUnblock(RedisCommands& commands, int64_t client);

// As stream_scripts.h says.
enum class Ownership : uint8_t { kAcknowledge, kKeep, kReturn };
void AddOwnership(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                  Ownership what, std::span<const StreamId> ids);
void AddTakeReturned(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                     size_t count);
void AddTakeSilent(RedisCommands& commands, ScriptForm form, const StreamPlace& place, size_t count,
                   StreamId from, Duration idle);
// Removes this consumer, if it holds nothing.
void AddLeave(RedisCommands& commands, ScriptForm form, const StreamPlace& place);
// Removes all that hold nothing and were idle for so long.
void AddSweep(RedisCommands& commands, ScriptForm form, const StreamPlace& place, Duration idle);

}  // namespace MECHA_COMPONENT
