// SPDX-License-Identifier: Apache-2.0
#include "stream_commands.h"

#include <algorithm>

#include "stream_scripts.h"

namespace MECHA_COMPONENT {
namespace {

// Only what was given back, which is idle since 1970, has rested for longer: some 30 years.
constexpr int64_t kReturnedIdle = 1'000'000'000'000;

int64_t InMilliseconds(Duration time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time).count();
}

void BeginOf(RedisCommands& commands, const RedisScript& script, ScriptForm form,
             const StreamPlace& place, size_t arguments) {
  BeginScript(commands, script, form, 1, 1 + arguments);
  commands.Add(place.topic);
  commands.Add(place.group);
}

}  // namespace

Trim TrimOf(const StreamOptions& options, WallTime now) {
  Trim trim{options.longest, std::nullopt};
  if (trim.longest == 0 && options.oldest.count() > 0) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
    const int64_t first = std::max<int64_t>(0, (since - options.oldest).count());
    trim.earliest = StreamId{static_cast<uint64_t>(first), 1};
  }
  return trim;
}

void AddPublish(RedisCommands& commands, const NewEntry& entry, const Trim& trim) {
  const bool trims = trim.longest > 0 || trim.earliest.has_value();
  commands.Begin(5 + (trims ? 3 : 0) + (entry.json.empty() ? 0 : 2));
  commands.Add("XADD");
  commands.Add(entry.topic);
  if (trims) {
    commands.Add(trim.longest > 0 ? "MAXLEN" : "MINID");
    commands.Add("~");
    commands.Add(trim.longest > 0 ? std::to_string(trim.longest) : trim.earliest->Text());
  }
  commands.Add("*");
  commands.Add("data");
  commands.Add(entry.payload);
  if (!entry.json.empty()) {
    commands.Add("metadata");
    commands.Add(entry.json);
  }
}

void AddGroup(RedisCommands& commands, const StreamPlace& place) {
  commands.AddCommand({"XGROUP", "CREATE", place.topic, place.group, "0", "MKSTREAM"});
}

void AddRead(RedisCommands& commands, const StreamPlace& place, size_t count,
             std::chrono::milliseconds wait) {
  commands.Begin(11);
  commands.Add("XREADGROUP");
  commands.Add("GROUP");
  commands.Add(place.group);
  commands.Add(place.consumer);
  commands.Add("COUNT");
  commands.Add(static_cast<int64_t>(count));
  commands.Add("BLOCK");
  commands.Add(static_cast<int64_t>(wait.count()));
  commands.Add("STREAMS");
  commands.Add(place.topic);
  commands.Add(">");
}

void AddOwn(RedisCommands& commands, const StreamPlace& place, StreamId from, size_t count) {
  commands.AddCommand({"XPENDING", place.topic, place.group, from.Text(), "+",
                       std::to_string(count), place.consumer});
}

void AddAcknowledge(RedisCommands& commands, const StreamPlace& place,
                    std::span<const StreamId> ids) {
  commands.Begin(3 + ids.size());
  commands.Add("XACK");
  commands.Add(place.topic);
  commands.Add(place.group);
  for (const StreamId& id : ids) {
    commands.Add(id.Text());
  }
}

void AddUnblock(RedisCommands& commands, int64_t client) {
  commands.AddCommand({"CLIENT", "UNBLOCK", std::to_string(client)});
}

void AddOwnership(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                  Ownership what, std::span<const StreamId> ids) {
  constexpr std::string_view kWords[] = {"ack", "keep", "return", "untake", "leave"};
  BeginOf(commands, kOwnScript, form, place, 2 + ids.size());
  commands.Add(place.consumer);
  commands.Add(kWords[static_cast<size_t>(what)]);
  for (const StreamId& id : ids) {
    commands.Add(id.Text());
  }
}

void AddTakeReturned(RedisCommands& commands, ScriptForm form, const StreamPlace& place,
                     size_t count) {
  BeginOf(commands, kTakeScript, form, place, 5);
  commands.Add(place.consumer);
  commands.Add(static_cast<int64_t>(count));
  commands.Add("-");
  commands.Add(kReturnedIdle);
  commands.Add(kReturned);
}

void AddTakeSilent(RedisCommands& commands, ScriptForm form, const StreamPlace& place, size_t count,
                   const Silence& silence) {
  BeginOf(commands, kTakeScript, form, place, 5);
  commands.Add(place.consumer);
  commands.Add(static_cast<int64_t>(count));
  commands.Add(silence.from.Text());
  commands.Add(InMilliseconds(silence.idle));
  commands.Add("");
}

void AddSweep(RedisCommands& commands, ScriptForm form, const StreamPlace& place, Duration idle) {
  BeginOf(commands, kTidyScript, form, place, 1);
  commands.Add(InMilliseconds(idle));
}

}  // namespace MECHA_COMPONENT
