// SPDX-License-Identifier: Apache-2.0
// CommitUnit: what one call wants written, as CommitGroup sees it: something that can be carried
// out by itself or as a part of a shared transaction. Its owner keeps it until it has its outcome.
// Run by one thread at a time, whichever leads the group.
#pragma once

#include "contract/call_context.h"
#include "result/status.h"
#include "sqlite/sqlite_connection.h"

namespace mecha::components {

class CommitUnit {
 public:
  virtual ~CommitUnit() = default;

  // Both may run again, from the beginning, when what they did was rolled back. `call` may stop a
  // long unit on its way.
  //
  // By itself: one statement that commits at once, or a transaction of its own.
  virtual void RunAlone(Connection& connection, const CallContext& call) = 0;
  // As a part of the transaction under way. False: an error made SQLite roll all of it back, and
  // the unit's outcome means nothing.
  virtual bool RunInside(Connection& connection, const CallContext& call) = 0;

  // Why nothing of the unit was done, as far as its marks say.
  Status status;
};

}  // namespace mecha::components
