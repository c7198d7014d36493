// SPDX-License-Identifier: Apache-2.0
#include "entry_table.h"

namespace MECHA_COMPONENT {

Entry* EntryTable::FindLive(const HashedKey& key, const Clock& clock) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return nullptr;
  }
  Entry& entry = found->second->second;
  if (entry.IsLive(clock)) {
    return &entry;
  }
  Erase(found);
  return nullptr;
}

Buffer EntryTable::Put(const HashedKey& key, Entry entry) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    const auto node = ordered_.emplace(std::string(key.key), std::move(entry)).first;
    index_.emplace(std::string_view(node->first), node);
    NoteExpiry(node);
    return {};
  }
  const auto node = found->second;
  ForgetExpiry(node->second);
  std::swap(node->second, entry);
  NoteExpiry(node);
  return std::move(entry.value);
}

Buffer EntryTable::Remove(const HashedKey& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return {};
  }
  Buffer value = std::move(found->second->second.value);
  Erase(found);
  return value;
}

void EntryTable::Purge(const Clock& clock, int limit) {
  if (expiring_.empty()) {
    return;
  }
  const SteadyTime now = clock.Now();
  for (int i = 0; i < limit && !expiring_.empty(); ++i) {
    const auto soonest = expiring_.begin();
    if (now < soonest->first.first) {
      return;
    }
    Erase(index_.find(std::string_view(soonest->second->first)));
  }
}

void EntryTable::Clear() {
  expiring_.clear();
  index_.clear();
  ordered_.clear();
}

void EntryTable::NoteExpiry(Ordered::iterator node) {
  const Entry& entry = node->second;
  if (entry.expiry.has_value()) {
    expiring_.emplace(std::pair(entry.expiry->steady, entry.version), node);
  }
}

void EntryTable::ForgetExpiry(const Entry& entry) {
  if (entry.expiry.has_value()) {
    expiring_.erase(std::pair(entry.expiry->steady, entry.version));
  }
}

void EntryTable::Erase(Index::iterator found) {
  const Ordered::iterator node = found->second;
  ForgetExpiry(node->second);
  index_.erase(found);
  ordered_.erase(node);
}

}  // namespace MECHA_COMPONENT
