// SPDX-License-Identifier: Apache-2.0
// Delivery rows: messages lent to a consumer, renewed, finished and given back, on one connection.
// Who lends writes its own token into the row; whoever comes later with another token finds
// nothing. No transactions, no threads: the caller runs each inside one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "contract/pub_sub.h"
#include "message_rows.h"
#include "result/status.h"
#include "result/status_or.h"
#include "sqlite/sqlite_connection.h"

namespace MECHA_COMPONENT {

// Names a message in somebody's hands.
struct Held {
  int64_t message = 0;
  int64_t token = 0;
};

struct Wish {
  GroupIds ids;
  size_t most = 0;
  int64_t token = 0;  // not 0, and nobody else's
  std::chrono::milliseconds lease{};
};

struct Taken {
  Held held;
  Delivery delivery;  // without a number
};

struct Catch {
  std::vector<Taken> taken;  // oldest first
  bool has_more = false;     // there may be more right now
  // When the next delivery of the group is free, in milliseconds since 1970.
  std::optional<int64_t> next_due;
};

// Takes messages for the group: those given back or whose lease ended, then fresh ones. NOT_FOUND
// when the group is gone.
StatusOr<Catch> TakeMessages(Connection& connection, const Wish& wish);

// NOT_FOUND when another one holds it by now, or nobody.
Status FinishMessage(Connection& connection, const GroupIds& ids, const Held& held);
Status RenewMessage(Connection& connection, const GroupIds& ids, const Held& held,
                    std::chrono::milliseconds lease);
Status ReturnMessage(Connection& connection, const GroupIds& ids, const Held& held,
                     std::chrono::milliseconds delay);
// Gives back what no handler has seen: the delivery is taken off the count of attempts.
Status UntakeMessage(Connection& connection, const GroupIds& ids, const Held& held);

}  // namespace MECHA_COMPONENT
