// SPDX-License-Identifier: Apache-2.0
#include "postgres_state_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "postgres_pool.h"
#include "result/status.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {
namespace {

// One chunk of independent writes: so many, or about so many bytes, wait in memory at once.
constexpr size_t kWritesAtOnce = 256;
constexpr size_t kBytesAtOnce = 1024 * 1024;

Status PrepareAll(PostgresConnection& connection, const CallContext& call,
                  std::span<const StateWrite> writes) {
  for (const StateWrite& write : writes) {
    RETURN_IF_ERROR(connection.Prepare(call, StatementOf(write)));
  }
  return OkStatus();
}

WriteOutcome Understand(PostgresConnection& connection, const StateWrite& write,
                        const QueryResult& result) {
  return result.is_error() ? WriteOutcome(connection.WriteErrorOf(result))
                           : ReadOutcome(write, result);
}

WriteOutcome WriteOver(PostgresConnection& connection, const CallContext& call, Layout layout,
                       const StateWrite& write) {
  const EncodedWrite encoded(layout, write);
  RETURN_IF_ERROR(connection.Prepare(call, encoded.sql));
  const auto result = connection.Exchange(call, encoded.sql, encoded.parameters);
  return result.ok() ? Understand(connection, write, *result)
                     : WriteOutcome(MarkApplied(result.status(), Applied::kMaybe));
}

// Some writes that pass CheckWrite, sent together over one connection.
class WriteChunk {
 public:
  WriteChunk(PostgresConnection& connection, const CallContext& call, Layout layout)
      : connection_(connection), call_(call), layout_(layout) {}

  // Fills every outcome.
  void Run(std::span<const StateWrite> writes, std::span<WriteOutcome> outcomes) {
    const Status status = Exchange(writes, outcomes);
    for (size_t i = answered_; !status.ok() && i < writes.size(); ++i) {
      outcomes[i] = MarkApplied(status, i < queued_ ? Applied::kMaybe : Applied::kNo);
    }
  }

 private:
  Status Exchange(std::span<const StateWrite> writes, std::span<WriteOutcome> outcomes) {
    RETURN_IF_ERROR(PrepareAll(connection_, call_, writes));
    RETURN_IF_ERROR(connection_.BeginPipeline());
    for (const StateWrite& write : writes) {
      const EncodedWrite encoded(layout_, write);
      ++queued_;
      RETURN_IF_ERROR(connection_.Add(encoded.sql, encoded.parameters));
      RETURN_IF_ERROR(connection_.Sync());
    }
    RETURN_IF_ERROR(connection_.Flush(call_));
    for (const StateWrite& write : writes) {
      ASSIGN_OR_RETURN(const QueryResult result, connection_.Receive(call_));
      outcomes[answered_] = Understand(connection_, write, result);
      ++answered_;
      const Status synced = connection_.ReceiveSync(call_);
      if (!synced.ok()) {
        // The answer stands only when its transaction was committed, which the end would say.
        --answered_;
        return synced;
      }
    }
    return connection_.EndPipeline();
  }

  PostgresConnection& connection_;
  const CallContext& call_;
  const Layout layout_;
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

// The outcomes of a transaction that one write refuses.
std::vector<WriteOutcome> RefusedBy(size_t index, Status cause, size_t count) {
  std::vector<WriteOutcome> outcomes(count, Cancelled("another write of the transaction failed"));
  outcomes[index] = std::move(cause);
  return outcomes;
}

// One transaction over one connection. Nothing is committed unless Run says so; a connection with
// an open transaction is closed, which ends it.
class Transaction {
 public:
  Transaction(PostgresConnection& connection, const CallContext& call, Layout layout)
      : connection_(connection), call_(call), layout_(layout) {}

  StatusOr<std::vector<WriteOutcome>> Run(std::span<const StateWrite> writes) {
    RETURN_IF_ERROR(Prepare(writes));
    // By key, so that two transactions do not wait for each other.
    std::vector<size_t> order(writes.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return writes[a].key < writes[b].key; });
    ASSIGN_OR_RETURN(auto outcomes, Write(writes, order));
    const auto fault = std::find_if(outcomes.begin(), outcomes.end(),
                                    [](const WriteOutcome& outcome) { return !outcome.ok(); });
    if (fault == outcomes.end()) {
      RETURN_IF_ERROR(Commit());
      return outcomes;
    }
    RollBack();
    return RefusedBy(static_cast<size_t>(fault - outcomes.begin()), fault->status(), writes.size());
  }

 private:
  Status Prepare(std::span<const StateWrite> writes) {
    for (const Sql sql : {Sql::kBegin, Sql::kCommit, Sql::kRollback}) {
      RETURN_IF_ERROR(connection_.Prepare(call_, sql));
    }
    return PrepareAll(connection_, call_, writes);
  }

  StatusOr<std::vector<WriteOutcome>> Write(std::span<const StateWrite> writes,
                                            std::span<const size_t> order) {
    RETURN_IF_ERROR(connection_.BeginPipeline());
    RETURN_IF_ERROR(connection_.Add(Sql::kBegin, {}));
    for (const size_t index : order) {
      const EncodedWrite encoded(layout_, writes[index]);
      RETURN_IF_ERROR(connection_.Add(encoded.sql, encoded.parameters));
    }
    RETURN_IF_ERROR(connection_.Sync());
    RETURN_IF_ERROR(connection_.Flush(call_));
    ASSIGN_OR_RETURN(const QueryResult begun, connection_.Receive(call_));
    if (begun.is_error()) {
      connection_.MarkBroken();
      return connection_.ErrorOf(begun);
    }
    std::vector<WriteOutcome> outcomes(writes.size());
    for (const size_t index : order) {
      ASSIGN_OR_RETURN(const QueryResult result, connection_.Receive(call_));
      if (result.kind() == PGRES_PIPELINE_ABORTED) {
        outcomes[index] = Etag();  // an earlier one is to blame
      } else {
        outcomes[index] = result.is_error() ? WriteOutcome(connection_.ErrorOf(result))
                                            : ReadOutcome(writes[index], result);
      }
    }
    RETURN_IF_ERROR(connection_.ReceiveSync(call_));
    RETURN_IF_ERROR(connection_.EndPipeline());
    return outcomes;
  }

  Status Commit() {
    const auto result = connection_.Exchange(call_, Sql::kCommit, {});
    if (!result.ok()) {
      return MarkApplied(result.status(), Applied::kMaybe);
    }
    return result->is_error() ? connection_.WriteErrorOf(*result) : OkStatus();
  }

  void RollBack() {
    const auto result = connection_.Exchange(call_, Sql::kRollback, {});
    if (!result.ok() || result->is_error()) {
      connection_.MarkBroken();
    }
  }

  PostgresConnection& connection_;
  const CallContext& call_;
  const Layout layout_;
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
      WriteChunk(**lease, call, layout).Run(writes.subspan(start, count), chunk);
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
  return Transaction(*lease, call, layout).Run(writes);
}

}  // namespace MECHA_COMPONENT
