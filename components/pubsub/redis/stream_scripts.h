// SPDX-License-Identifier: Apache-2.0
// The Lua scripts of a consumer group. They look at who holds an entry before they touch it, which
// no single command does: XCLAIM takes from anybody, XACK lets go for anybody. Entries that were
// given back wait under the name kReturned, where every consumer finds them without a search.
#pragma once

#include <string_view>

#include "redis/redis_script.h"

namespace MECHA_COMPONENT {

// The consumer that is nobody: it holds what was given back.
constexpr std::string_view kReturned = "mecha:returned";

// KEYS: the stream. ARGV: group, consumer, what to do, ids. To do: "ack"; "keep" begins the lease
// anew; "return" hands to kReturned, idle for ever; "untake" does that and takes the delivery off
// the count, for no handler has seen the entry; "leave" does as "return" and then removes the
// consumer, unless it holds something. Reply: the places in the list, from 1, of ids that the
// consumer does not hold. One that was trimmed off the stream is nobody's and is left out.
extern const RedisScript kOwnScript;

// KEYS: the stream. ARGV: group, consumer, most entries, the id to begin at, least idle time in ms,
// and "" or the one consumer to take from. Takes entries of others over. Reply: the id it came to,
// or "" at the end; then for each entry taken a pair: the entry, and how often it was delivered.
// Deleted entries are acknowledged on the way.
extern const RedisScript kTakeScript;

// KEYS: the stream. ARGV: group, idle time in ms. Removes consumers that hold nothing and were idle
// for longer. Reply: how many.
extern const RedisScript kTidyScript;

}  // namespace MECHA_COMPONENT
