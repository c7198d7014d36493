// SPDX-License-Identifier: Apache-2.0
#include "postgres_state_writer.h"

#include <algorithm>
#include <utility>

#include "contract/state_outcomes.h"
#include "postgres_pool.h"
#include "result/status.h"
#include "state_rows.h"
#include "write_steps.h"

namespace MECHA_COMPONENT {
namespace {

// One chunk of independent writes: so many, or about so many bytes, wait in memory at once.
constexpr size_t kWritesAtOnce = 256;
constexpr size_t kBytesAtOnce = 1024 * 1024;

Status PrepareSteps(PostgresConnection& connection, const CallContext& call,
                    const WriteSteps& steps) {
  for (const WriteStep& step : steps) {
    RETURN_IF_ERROR(connection.Prepare(call, step.sql));
  }
  return OkStatus();
}

WriteOutcome WriteOver(PostgresConnection& connection, const CallContext& call, Layout layout,
                       const StateWrite& write) {
  const EncodedWrite encoded(layout, write);
  RETURN_IF_ERROR(connection.Prepare(call, encoded.sql));
  const auto result = connection.Exchange(call, encoded.sql, encoded.parameters);
  if (!result.ok()) {
    return MarkApplied(result.status(), Applied::kMaybe);
  }
  return result->is_error() ? WriteOutcome(connection.WriteErrorOf(*result))
                            : ReadOutcome(write, *result);
}

// Some writes that pass CheckWrite, each for itself, sent together over one connection.
class WriteChunk {
 public:
  WriteChunk(PostgresConnection& connection, const CallContext& call,
             std::span<const StateWrite> writes, std::span<WriteOutcome> outcomes)
      : connection_(connection), call_(call), writes_(writes), outcomes_(outcomes) {}

  // Fills every outcome.
  void Run(Layout layout) {
    RunSteps(layout, StepsOfBulk(writes_));
    if (!spoiled_.empty() && connection_.is_reusable()) {
      // One of them is to blame for the error of all, so that none was applied: each for itself.
      const std::vector<size_t> again = std::exchange(spoiled_, {});
      RunSteps(layout, StepsOfEach(writes_, again));
    }
  }

 private:
  void RunSteps(Layout layout, const WriteSteps& steps) {
    queued_ = 0;
    answered_ = 0;
    const Status status = Exchange(layout, steps);
    for (size_t i = answered_; !status.ok() && i < steps.size(); ++i) {
      const Applied applied = i < queued_ ? Applied::kMaybe : Applied::kNo;
      EndStep(steps[i], MarkApplied(status, applied));
    }
  }

  Status Exchange(Layout layout, const WriteSteps& steps) {
    RETURN_IF_ERROR(PrepareSteps(connection_, call_, steps));
    RETURN_IF_ERROR(connection_.BeginPipeline());
    for (const WriteStep& step : steps) {
      ++queued_;
      RETURN_IF_ERROR(AddStep(connection_, layout, writes_, step));
      RETURN_IF_ERROR(connection_.Sync());
    }
    RETURN_IF_ERROR(connection_.Flush(call_));
    for (const WriteStep& step : steps) {
      ASSIGN_OR_RETURN(const QueryResult result, connection_.Receive(call_));
      ASSIGN_OR_RETURN(const QueryResult end, connection_.ReceiveSync(call_));
      ++answered_;
      const QueryResult& error = result.is_error() ? result : end;
      if (error.is_null()) {
        ReadStep(writes_, step, result, outcomes_);
        continue;
      }
      EndStep(step, connection_.WriteErrorOf(error));
      if (step.indexes.size() > 1) {
        spoiled_.insert(spoiled_.end(), step.indexes.begin(), step.indexes.end());
      }
    }
    return connection_.EndPipeline();
  }

  void EndStep(const WriteStep& step, const Status& status) {
    for (const size_t index : step.indexes) {
      outcomes_[index] = status;
    }
  }

  PostgresConnection& connection_;
  const CallContext& call_;
  const std::span<const StateWrite> writes_;
  const std::span<WriteOutcome> outcomes_;
  std::vector<size_t> spoiled_;
  size_t queued_ = 0;
  size_t answered_ = 0;
};

// How many of `writes` go into the next chunk.
size_t ChunkLength(Layout layout, std::span<const StateWrite> writes) {
  size_t bytes = 0;
  size_t count = 0;
  for (const StateWrite& write : writes) {
    const bool is_full = count == kWritesAtOnce || (count != 0 && bytes >= kBytesAtOnce);
    if (is_full || !CheckWrite(layout, write).ok()) {
      break;
    }
    bytes += write.value.size();
    ++count;
  }
  return count;
}

// One transaction over one connection, in one round trip. The server commits it at the end of the
// pipeline, and only when every statement before succeeded.
class Transaction {
 public:
  using Outcomes = std::vector<WriteOutcome>;

  Transaction(PostgresConnection& connection, const CallContext& call,
              std::span<const StateWrite> writes)
      : connection_(connection), call_(call), writes_(writes) {}

  StatusOr<Outcomes> Run(Layout layout) {
    auto outcomes = RunSteps(layout, StepsOfTransaction(writes_, true));
    if (refused_ != nullptr && refused_->indexes.size() > 1 && connection_.is_reusable()) {
      // Nothing was applied; one statement for each write tells which of them is to blame.
      outcomes = RunSteps(layout, StepsOfTransaction(writes_, false));
    }
    if (refused_ != nullptr && refused_->indexes.size() == 1) {
      return RefusedBy(refused_->indexes.front(), outcomes.status(), writes_.size());
    }
    return outcomes;
  }

 private:
  StatusOr<Outcomes> RunSteps(Layout layout, WriteSteps steps) {
    steps_ = std::move(steps);
    refused_ = nullptr;
    RETURN_IF_ERROR(PrepareSteps(connection_, call_, steps_));
    RETURN_IF_ERROR(connection_.BeginPipeline());
    for (const WriteStep& step : steps_) {
      RETURN_IF_ERROR(AddStep(connection_, layout, writes_, step));
    }
    RETURN_IF_ERROR(connection_.Sync());
    // The server commits only what it got to the end.
    RETURN_IF_ERROR(connection_.Flush(call_));
    Outcomes outcomes(writes_.size());
    Status cause;
    const Status status = Receive(outcomes, &cause);
    if (refused_ != nullptr) {
      return cause;  // whatever came after it
    }
    if (!status.ok()) {
      return MarkApplied(status, Applied::kMaybe);
    }
    RETURN_IF_ERROR(cause);
    const auto fault = std::find_if(outcomes.begin(), outcomes.end(),
                                    [](const WriteOutcome& outcome) { return !outcome.ok(); });
    if (fault != outcomes.end()) {
      return MarkApplied(fault->status(), Applied::kMaybe);  // a trigger kept one back, no more
    }
    return outcomes;
  }

  // `cause` is why the server did not commit; refused_ is the step it blames, if it is one.
  Status Receive(Outcomes& outcomes, Status* cause) {
    for (const WriteStep& step : steps_) {
      ASSIGN_OR_RETURN(const QueryResult result, connection_.Receive(call_));
      if (refused_ != nullptr) {
        continue;  // skipped by the server
      }
      if (result.is_error()) {
        refused_ = &step;
        *cause = IsConditionError(step, result)
                     ? ConditionFailed(writes_[step.indexes.front()].condition)
                     : connection_.ErrorOf(result);
      } else {
        ReadStep(writes_, step, result, outcomes);
      }
    }
    ASSIGN_OR_RETURN(const QueryResult end, connection_.ReceiveSync(call_));
    if (!end.is_null() && refused_ == nullptr) {
      *cause = connection_.WriteErrorOf(end);
    }
    return connection_.EndPipeline();
  }

  PostgresConnection& connection_;
  const CallContext& call_;
  const std::span<const StateWrite> writes_;
  WriteSteps steps_;
  const WriteStep* refused_ = nullptr;
};

}  // namespace

WriteOutcome WriteOne(PostgresPool& pool, const CallContext& call, const StateWrite& write) {
  const Layout layout = pool.options().layout;
  RETURN_IF_ERROR(CheckWrite(layout, write));
  ASSIGN_OR_RETURN(const PostgresLease lease, pool.Take(call));
  return WriteOver(*lease, call, layout, write);
}

StatusOr<std::vector<WriteOutcome>> WriteEach(PostgresPool& pool, const CallContext& call,
                                              std::span<const StateWrite> writes) {
  const Layout layout = pool.options().layout;
  std::vector<WriteOutcome> outcomes(writes.size());
  size_t start = 0;
  bool has_tried = false;
  while (start < writes.size()) {
    const size_t count = ChunkLength(layout, writes.subspan(start));
    if (count == 0) {
      outcomes[start] = CheckWrite(layout, writes[start]);
      has_tried = true;
      ++start;
      continue;
    }
    const auto lease = pool.Take(call);
    if (!lease.ok() && !has_tried) {
      return lease.status();
    }
    const auto chunk = std::span(outcomes).subspan(start, count);
    if (lease.ok()) {
      WriteChunk(**lease, call, writes.subspan(start, count), chunk).Run(layout);
      has_tried = true;
    } else {
      std::fill(chunk.begin(), chunk.end(), WriteOutcome(lease.status()));
    }
    start += count;
  }
  return outcomes;
}

StatusOr<std::vector<WriteOutcome>> WriteAll(PostgresPool& pool, const CallContext& call,
                                             std::span<const StateWrite> writes) {
  const Layout layout = pool.options().layout;
  for (size_t i = 0; i < writes.size(); ++i) {
    if (Status status = CheckWrite(layout, writes[i]); !status.ok()) {
      return RefusedBy(i, std::move(status), writes.size());
    }
  }
  if (writes.empty()) {
    return std::vector<WriteOutcome>();
  }
  ASSIGN_OR_RETURN(const PostgresLease lease, pool.Take(call));
  if (writes.size() == 1) {
    return std::vector<WriteOutcome>(1, WriteOver(*lease, call, layout, writes.front()));
  }
  return Transaction(*lease, call, writes).Run(layout);
}

}  // namespace MECHA_COMPONENT
