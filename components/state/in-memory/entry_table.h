// SPDX-License-Identifier: Apache-2.0
// EntryTable: keys and their values, found by hash, walked in order, and dropped when they expire.
// It takes no lock and knows no etag rule: the store that owns it does both.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "call/clock.h"
#include "contract/state_store.h"
#include "result/buffer.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

// When a value expires: the steady time decides, the wall time is what readers are told.
struct Expiry {
  SteadyTime steady;
  WallTime wall;
};

struct Entry {
  Buffer value;
  uint64_t version = 0;  // never 0 in a table; unique over the store's life
  ValueKind kind = ValueKind::kBinary;
  std::optional<Expiry> expiry;

  // Reads the clock only for a value that can expire.
  bool IsLive(const Clock& clock) const {
    return !expiry.has_value() || clock.Now() < expiry->steady;
  }
};

// A key with its hash, computed once, outside any lock.
struct HashedKey {
  explicit HashedKey(std::string_view text)
      : key(text), hash(std::hash<std::string_view>{}(text)) {}

  std::string_view key;
  size_t hash;
};

class EntryTable {
 public:
  using Ordered = std::map<std::string, Entry, std::less<>>;

  // The live entry, or null. One that has expired is dropped on the way.
  Entry* FindLive(const HashedKey& key, const Clock& clock);
  // Adds or replaces, and returns what stood there, so that it can be freed after the lock.
  Buffer Put(const HashedKey& key, Entry entry);
  Buffer Remove(const HashedKey& key);
  // Drops up to `limit` values that have expired. Free of cost while nothing can expire.
  void Purge(const Clock& clock, int limit);
  void Clear();

  const Ordered& ordered() const { return ordered_; }
  size_t size() const { return ordered_.size(); }

 private:
  // The keys are views of those in `ordered_`, whose nodes do not move.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return HashedKey(key).hash; }
    size_t operator()(const HashedKey& key) const { return key.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    bool operator()(const HashedKey& a, std::string_view b) const { return a.key == b; }
    bool operator()(std::string_view a, const HashedKey& b) const { return a == b.key; }
  };
  using Index = std::unordered_map<std::string_view, Ordered::iterator, Hash, Equal>;

  void NoteExpiry(Ordered::iterator node);
  void ForgetExpiry(const Entry& entry);
  void Erase(Index::iterator found);

  Ordered ordered_;
  Index index_;
  // Soonest first; the version keeps equal times apart.
  std::map<std::pair<SteadyTime, uint64_t>, Ordered::iterator> expiring_;
};

}  // namespace MECHA_COMPONENT
