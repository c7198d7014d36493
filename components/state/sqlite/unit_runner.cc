// SPDX-License-Identifier: Apache-2.0
#include "unit_runner.h"

#include <utility>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

// So many writes between two looks at the clock.
constexpr size_t kWritesPerCheck = 64;

// What a caller can do something about in this one write; anything else befell the whole unit.
bool IsOfOneWrite(const Status& status) { return IsAborted(status) || IsInvalidArgument(status); }

void FailAtomic(WriteUnit& unit, size_t index, Status cause) {
  if (!IsOfOneWrite(cause)) {
    unit.status = std::move(cause);
    return;
  }
  for (WriteOutcome& outcome : unit.outcomes) {
    outcome = Cancelled("not written: another write of the transaction failed");
  }
  unit.outcomes[index] = std::move(cause);
}

}  // namespace

void WriteUnit::RunAlone(Connection& connection, const CallContext& call) {
  UnitRunner(connection, etags_, call).RunAlone(*this);
}

bool WriteUnit::RunInside(Connection& connection, const CallContext& call) {
  return UnitRunner(connection, etags_, call).RunInside(*this);
}

void UnitRunner::RunAlone(WriteUnit& unit) {
  unit.status = OkStatus();
  if (unit.writes.size() == 1) {
    RunOneByOne(unit);
    return;
  }
  unit.status = connection_.Run(Transaction::kBeginImmediate);
  if (!unit.status.ok()) {
    return;
  }
  const bool is_complete = RunWrites(unit);
  const bool is_rolled_back = !connection_.is_in_transaction();
  if (is_complete && !is_rolled_back) {
    unit.status = connection_.Run(Transaction::kCommit);
  }
  connection_.RollBack();
  const bool is_full = is_rolled_back || IsResourceExhausted(unit.status);
  if (is_full && !unit.is_atomic) {
    RunOneByOne(unit);
  }
}

// One that does not fit must not take the others with it.
void UnitRunner::RunOneByOne(WriteUnit& unit) {
  unit.status = OkStatus();
  for (size_t i = 0; i < unit.writes.size(); ++i) {
    const Status stop = CheckStop(i);
    unit.outcomes[i] = stop.ok() ? WriteRow(connection_, unit.writes[i], etags_) : stop;
  }
  if (unit.is_atomic && !unit.outcomes[0].ok() && !IsOfOneWrite(unit.outcomes[0].status())) {
    unit.status = unit.outcomes[0].status();
  }
}

bool UnitRunner::RunInside(WriteUnit& unit) {
  unit.status = OkStatus();
  if (!unit.is_atomic) {
    return RunWrites(unit) && connection_.is_in_transaction();
  }
  unit.status = connection_.Run(Transaction::kSavepoint);
  if (!unit.status.ok()) {
    return connection_.is_in_transaction();
  }
  const bool is_complete = RunWrites(unit);
  if (!connection_.is_in_transaction()) {
    return false;
  }
  Status undone = is_complete ? OkStatus() : connection_.Run(Transaction::kRollbackTo);
  undone.Update(connection_.Run(Transaction::kRelease));
  if (!undone.ok()) {
    // Half a unit must not be committed.
    connection_.RollBack();
  }
  return undone.ok();
}

bool UnitRunner::RunWrites(WriteUnit& unit) {
  for (size_t i = 0; i < unit.writes.size(); ++i) {
    Status stop = CheckStop(i);
    unit.outcomes[i] = stop.ok() ? WriteRow(connection_, unit.writes[i], etags_) : std::move(stop);
    if (unit.outcomes[i].ok()) {
      continue;
    }
    if (unit.is_atomic) {
      FailAtomic(unit, i, unit.outcomes[i].status());
      return false;
    }
    if (!connection_.is_in_transaction()) {
      return false;
    }
  }
  return true;
}

Status UnitRunner::CheckStop(size_t index) const {
  if (index == 0 || index % kWritesPerCheck != 0) {
    return OkStatus();
  }
  RETURN_IF_ERROR(call_.waiter->Check());
  const Deadline& deadline = call_.deadline;
  if (!deadline.is_never() && deadline.HasPassed(connection_.host().clock().Now())) {
    return DeadlineExceeded("the deadline passed between two writes");
  }
  return OkStatus();
}

}  // namespace MECHA_COMPONENT
