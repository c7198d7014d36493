// SPDX-License-Identifier: Apache-2.0
// The Lua scripts of this store. They keep Dapr's layout: a hash with `data`, `version` and, after
// a conditional write, `first-write` (which makes Dapr refuse later writes without an etag). Each
// script first looks at types and etags, and only then runs commands that cannot fail half-way:
// what may still refuse (no memory, a replica, a failed save) refuses the first write.
#pragma once

#include "redis/redis_script.h"

namespace MECHA_COMPONENT {

// KEYS: the key. ARGV: mode, value, lifetime in ms or "", etag.
// Modes: "a" always, "m" only if `version` is the etag, "n" only if there is no value.
// Reply: the new version; nil when the condition does not hold.
extern const RedisScript kSetScript;

// KEYS: the key. ARGV: etag. Reply: 1, or nil when the etag is not the version.
extern const RedisScript kDeleteScript;

// KEYS: the keys. ARGV: for each key mode, value, lifetime, etag as above; modes "A" and "M"
// delete. Reply: one version for each key (0 after a delete), or as a number the 1-based index of
// the first condition that does not hold; then nothing was written.
extern const RedisScript kTransactionScript;

// KEYS: the keys. Makes each a hash without a lifetime whose version is one higher, for values that
// follow it in the same MULTI. Reply: one version for each key.
extern const RedisScript kCountScript;

}  // namespace MECHA_COMPONENT
