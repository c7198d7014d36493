// SPDX-License-Identifier: Apache-2.0
// WriteStep: some writes that one statement carries out. It says how writes are put together, what
// is sent and what a result means; it waits for nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "contract/state_store.h"
#include "postgres_connection.h"
#include "postgres_options.h"
#include "query_result.h"
#include "result/status.h"
#include "statements.h"

namespace MECHA_COMPONENT {

struct WriteStep {
  Sql sql;
  std::vector<size_t> indexes;  // of its writes; several only for kSetMany and kDeleteMany
};
using WriteSteps = std::vector<WriteStep>;

// Each commits by itself: unconditional sets become one statement, unconditional deletes another,
// and all else one each, unless a key stands there twice.
WriteSteps StepsOfBulk(std::span<const StateWrite> writes);
// Each write a statement, in order.
WriteSteps StepsOfEach(std::span<const StateWrite> writes, std::span<const size_t> indexes);
// All commit together: in the order of their keys, so that two transactions do not wait for each
// other, neighbours of one kind as one statement where `may_join`. A condition that does not hold
// is an error.
WriteSteps StepsOfTransaction(std::span<const StateWrite> writes, bool may_join);

Status AddStep(PostgresConnection& connection, Layout layout, std::span<const StateWrite> writes,
               const WriteStep& step);
// What a result without error says of each write of the step.
void ReadStep(std::span<const StateWrite> writes, const WriteStep& step, const QueryResult& result,
              std::span<WriteOutcome> outcomes);
// Whether an error result says that the condition of a transaction's write does not hold.
bool IsConditionError(const WriteStep& step, const QueryResult& result);

}  // namespace MECHA_COMPONENT
