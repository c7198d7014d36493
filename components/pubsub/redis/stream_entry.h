// SPDX-License-Identifier: Apache-2.0
// What an entry of a stream is as a delivery. No input or output.
#pragma once

#include <optional>

#include "contract/pub_sub.h"
#include "redis/redis_reply.h"
#include "stream_id.h"

namespace MECHA_COMPONENT {

struct StreamEntry {
  StreamId id;
  Delivery delivery;  // without number and held_since
};

// Empties `entry`, an array of an id and an array of fields and values. Nothing when it is
// something else. An entry without `data` has an empty payload: what that means the block decides.
std::optional<StreamEntry> TakeEntry(Reply& entry, uint32_t attempt);

}  // namespace MECHA_COMPONENT
