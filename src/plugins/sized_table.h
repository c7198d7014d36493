// SPDX-License-Identifier: Apache-2.0
// Sized tables: reading what the other side of component.h made, which may be older and so shorter,
// or newer and so longer, than what is known here.
#pragma once

#include <algorithm>
#include <cstring>

namespace mecha {

// A copy with zeroes where `table` ends early, and without what is not known here. Null reads as
// all zeroes.
template <class Table>
Table ReadTable(const Table* table) {
  Table read{};
  if (table != nullptr) {
    std::memcpy(&read, table, std::min<size_t>(table->struct_size, sizeof read));
  }
  return read;
}

}  // namespace mecha
