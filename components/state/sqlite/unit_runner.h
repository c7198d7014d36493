// SPDX-License-Identifier: Apache-2.0
// WriteUnit: the writes of one call, and UnitRunner, which carries units out on the writer's
// connection. It does not know who waits for them (commit_group.h does). One thread at a time.
#pragma once

#include <span>

#include "contract/state_store.h"
#include "sqlite/commit_unit.h"
#include "sqlite/sqlite_connection.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {

class WriteUnit final : public CommitUnit {
 public:
  // `etags` outlives it; whoever runs the unit uses them.
  explicit WriteUnit(EtagSource& etags) : etags_(etags) {}

  void RunAlone(Connection& connection, const CallContext& call) override;
  bool RunInside(Connection& connection, const CallContext& call) override;

  std::span<const StateWrite> writes;
  // As many as writes. Not to be read when `status` is an error.
  std::span<WriteOutcome> outcomes;
  // All or nothing: when one fails its outcome is the cause and the others' is CANCELLED.
  bool is_atomic = false;

 private:
  EtagSource& etags_;
};

class UnitRunner {
 public:
  // `call` may stop a long unit between two writes.
  UnitRunner(Connection& connection, EtagSource& etags, const CallContext& call)
      : connection_(connection), etags_(etags), call_(call) {}

  // By itself: one statement that commits at once, or a transaction of its own.
  void RunAlone(WriteUnit& unit);
  // As a part of the transaction under way. False: an error made SQLite roll all of it back, and
  // the unit's outcome means nothing.
  bool RunInside(WriteUnit& unit);

 private:
  void RunOneByOne(WriteUnit& unit);
  // In the transaction under way. False: one of an atomic unit failed, or SQLite rolled back.
  bool RunWrites(WriteUnit& unit);
  Status CheckStop(size_t index) const;

  Connection& connection_;
  EtagSource& etags_;
  const CallContext& call_;
};

}  // namespace MECHA_COMPONENT
