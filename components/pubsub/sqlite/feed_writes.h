// SPDX-License-Identifier: Apache-2.0
// What a feed writes: taking, settling, renewing, giving back. Each is handed to the line of the
// file's writers and tells its FeedState how it ended, on a pool thread. The state has counted the
// write as under way, under its lock, before it calls one of these, and is left at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "contract/pub_sub.h"
#include "delivery_rows.h"
#include "feed_state.h"

namespace MECHA_COMPONENT {

void DeferTake(std::shared_ptr<FeedState> feed, size_t most);
// Settles everything that waits in the feed by the time it runs.
void DeferSettle(std::shared_ptr<FeedState> feed);

struct Renewal {
  uint64_t number = 0;
  Held held;
};
// `lost` holds the numbers that are known to be lost already; the others that turn out so follow.
void DeferRenew(std::shared_ptr<FeedState> feed, std::vector<Renewal> renewals,
                std::vector<uint64_t> lost, Done<std::vector<uint64_t>> done);
// Gives back what was taken and not delivered.
void DeferUntake(std::shared_ptr<FeedState> feed, std::vector<Held> untaken);

}  // namespace MECHA_COMPONENT
