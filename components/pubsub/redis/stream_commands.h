// SPDX-License-Identifier: Apache-2.0
// How streams and consumer groups are spoken of to Redis, as Dapr does. No input or output.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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

// What a publish trims its stream to.
struct Trim {
  int64_t longest = 0;               // 0: to no length
  std::optional<StreamId> earliest;  // what came before goes
};
Trim TrimOf(const StreamOptions& options, WallTime now);

// One entry for the stream `topic`. `json`: its metadata, or "".
struct NewEntry {
  std::string_view topic;
  std::string_view payload;
  std::string_view json;
};
void AddPublish(RedisCommands& commands, const NewEntry& entry, const Trim& trim);

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
enum class Ownership : uint8_t { kAcknowledge, kKeep, kReturn, kUntake, kLeave };
void AddOwnership(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                  Ownership what, std::span<const StreamId> ids);
void AddTakeReturned(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                     size_t count);
// Of consumers that were silent for so long, from that entry on.
struct Silence {
  StreamId from;
  Duration idle{0};
};
void AddTakeSilent(RedisCommands& commands, ScriptForm form, const StreamPlace& place, size_t count,
                   const Silence& silence);
// Removes all that hold nothing and were idle for so long.
void AddSweep(RedisCommands& commands, ScriptForm form, const StreamPlace& place, Duration idle);

}  // namespace MECHA_COMPONENT
