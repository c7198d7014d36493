// SPDX-License-Identifier: Apache-2.0
// Etags of state.memcached: the item's CAS number, and which start of which server counted it. A
// server counts from 1 again when it starts, so the number alone would one day match a value that
// nobody has read. No state; safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "contract/etag.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// One start of one server, as it tells of itself.
struct ServerStart {
  uint64_t seconds = 0;  // Unix time
  uint64_t process = 0;

  bool operator==(const ServerStart&) const = default;
};

struct ItemVersion {
  uint64_t number = 0;  // never 0: that is "no number" on the wire
  ServerStart start;
};

// "<number>-<seconds>-<process>"; empty when the server counts nothing (its option -C).
Etag MakeEtag(const ItemVersion& version);
// INVALID_ARGUMENT for what MakeEtag does not make.
StatusOr<ItemVersion> ParseEtag(std::string_view etag);

}  // namespace MECHA_COMPONENT
