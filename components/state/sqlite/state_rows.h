// SPDX-License-Identifier: Apache-2.0
// State rows: one value read, written or listed on one connection. No transactions, no threads: who
// may use the connection, and inside which transaction, is the caller's.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "contract/state_store.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {

// Fresh version 4 UUIDs, cut from random bytes that are fetched many at a time.
class EtagSource {
 public:
  Etag Next(Host& host);
  // Forgets the bytes in store: a forked or resumed process must not repeat them.
  void Clear() { used_ = kBytes; }

 private:
  static constexpr size_t kBytes = 4096;

  std::array<unsigned char, kBytes> random_;
  size_t used_ = kBytes;
};

// NOT_FOUND when there is no live value.
StatusOr<StateValue> ReadRow(Connection& connection, std::string_view key);
StatusOr<ListPage> ReadKeys(Connection& connection, const ListRequest& request);
// ABORTED when the condition does not hold; then nothing was written.
WriteOutcome WriteRow(Connection& connection, const StateWrite& write, EtagSource& etags);

}  // namespace MECHA_COMPONENT
