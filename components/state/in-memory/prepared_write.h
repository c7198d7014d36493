// SPDX-License-Identifier: Apache-2.0
// PreparedWrite: a write made ready outside any lock: its key hashed, its etag parsed, its value
// copied. It belongs to one thread and must not outlive the StateWrite it was made from.
#pragma once

#include <cstdint>

#include "contract/state_store.h"
#include "entry_table.h"

namespace MECHA_COMPONENT {

// An entry's version as the etag that readers see: its decimal digits.
Etag EtagOf(uint64_t version);

struct PreparedWrite {
  PreparedWrite(const StateWrite& from, const Clock& clock);

  // Whether the write may go ahead on `table`; call it under the table's lock.
  Status Check(EntryTable& table, const Clock& clock) const;

  const StateWrite* write;
  HashedKey key;
  Entry entry;
  uint64_t wanted_version = 0;  // 0: the etag is none that this store hands out
};

}  // namespace MECHA_COMPONENT
