// SPDX-License-Identifier: Apache-2.0
// How a value becomes a row and a row a value, in either layout. It sends nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "contract/state_store.h"
#include "parameters.h"
#include "postgres_options.h"
#include "query_result.h"
#include "result/status.h"
#include "result/status_or.h"
#include "statements.h"

namespace MECHA_COMPONENT {

// INVALID_ARGUMENT for a key that no row can have: PostgreSQL's texts are UTF-8 without NUL.
Status CheckKey(std::string_view key);
// That, and the etag's form and the value's size.
Status CheckWrite(Layout layout, const StateWrite& write);

// A write as a statement. It borrows the write until it was sent.
struct EncodedWrite {
  EncodedWrite(Layout layout, const StateWrite& write);

  Sql sql;
  Parameters parameters;
  std::string scratch;  // a value that had to be rewritten
};
Sql StatementOf(const StateWrite& write);

// Of a result without error.
WriteOutcome ReadOutcome(const StateWrite& write, const QueryResult& result);
// Of a row with the columns of Sql::kGet.
StatusOr<StateValue> ReadValue(Layout layout, const QueryResult& result, int row);

// Finds the rows of a result of Sql::kGetMany, which it borrows.
class RowsByKey {
 public:
  explicit RowsByKey(const QueryResult& result);
  // -1 when the key has none.
  int RowOf(std::string_view key) const { return slots_[SlotOf(key)]; }

 private:
  size_t SlotOf(std::string_view key) const;

  const QueryResult& result_;
  std::vector<int> slots_;  // by hash, a free one behind each run; -1: free
};

// What a set that came to nothing without an error means.
Status WroteNothing();

}  // namespace MECHA_COMPONENT
