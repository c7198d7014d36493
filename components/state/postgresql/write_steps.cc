// SPDX-License-Identifier: Apache-2.0
#include "write_steps.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>

#include "parameters.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {
namespace {

// One statement carries about so much, and copies it.
constexpr size_t kBytesJoined = 256 * 1024;

bool IsUnconditional(const StateWrite& write) { return write.condition == Condition::kAlways; }

bool IsDelete(const StateWrite& write) { return write.kind == StateWrite::Kind::kDelete; }

std::vector<size_t> OrderByKey(std::span<const StateWrite> writes) {
  std::vector<size_t> order(writes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return writes[a].key < writes[b].key; });
  return order;
}

// `sorted` is in the order of the keys.
bool HasKeyTwice(std::span<const StateWrite> writes, std::span<const size_t> sorted) {
  return std::adjacent_find(sorted.begin(), sorted.end(), [&](size_t a, size_t b) {
           return writes[a].key == writes[b].key;
         }) != sorted.end();
}

// As StatementOf, but a condition that does not hold is an error.
Sql StrictStatementOf(const StateWrite& write) {
  switch (StatementOf(write)) {
    case Sql::kSetIfAbsent:
      return Sql::kSetIfAbsentOrFail;
    case Sql::kSetIfMatch:
      return Sql::kSetIfMatchOrFail;
    case Sql::kDeleteIfMatch:
      return Sql::kDeleteIfMatchOrFail;
    default:
      return StatementOf(write);
  }
}

// Steps of the writes in `order`. A write joins the step before it when both are unconditional and
// of one kind.
class Joiner {
 public:
  explicit Joiner(std::span<const StateWrite> writes) : writes_(writes) {}

  void Add(size_t index, Sql sql) {
    const StateWrite& write = writes_[index];
    const bool may_join = !steps_.empty() && IsUnconditional(write) && last_ != nullptr &&
                          IsDelete(*last_) == IsDelete(write) && bytes_ < kBytesJoined;
    if (may_join) {
      steps_.back().sql = IsDelete(write) ? Sql::kDeleteMany : Sql::kSetMany;
      steps_.back().indexes.push_back(index);
      bytes_ += write.value.size();
    } else {
      steps_.push_back({sql, {index}});
      bytes_ = write.value.size();
    }
    last_ = IsUnconditional(write) ? &write : nullptr;
  }
  // What comes next joins nothing that is there.
  void Part() { last_ = nullptr; }
  WriteSteps Take() { return std::move(steps_); }

 private:
  const std::span<const StateWrite> writes_;
  WriteSteps steps_;
  const StateWrite* last_ = nullptr;
  size_t bytes_ = 0;
};

Status AddSets(PostgresConnection& connection, Layout layout, std::span<const StateWrite> writes,
               const WriteStep& step) {
  const bool is_v1 = layout == Layout::kV1;
  ArrayText keys(ArrayText::kText, step.indexes.size());
  ArrayText values(is_v1 ? ArrayText::kText : ArrayText::kBytes, step.indexes.size());
  ArrayText ttls(ArrayText::kBigInt, step.indexes.size());
  ArrayText binaries(ArrayText::kBoolean, step.indexes.size());
  for (const size_t index : step.indexes) {
    // The parameters of a lone set are the elements here.
    const EncodedWrite encoded(layout, writes[index]);
    keys.Add(encoded.parameters, 0);
    values.Add(encoded.parameters, 1);
    ttls.Add(encoded.parameters, 2);
    if (is_v1) {
      binaries.Add(encoded.parameters, 3);
    }
  }
  Parameters parameters;
  parameters.Add(keys.text()).Add(values.text()).Add(ttls.text());
  if (is_v1) {
    parameters.Add(binaries.text());
  }
  return connection.Add(step.sql, parameters);
}

}  // namespace

WriteSteps StepsOfEach(std::span<const StateWrite> writes, std::span<const size_t> indexes) {
  WriteSteps steps;
  steps.reserve(indexes.size());
  for (const size_t index : indexes) {
    steps.push_back({StatementOf(writes[index]), {index}});
  }
  return steps;
}

WriteSteps StepsOfBulk(std::span<const StateWrite> writes) {
  const std::vector<size_t> order = OrderByKey(writes);
  if (HasKeyTwice(writes, order)) {
    std::vector<size_t> as_given(writes.size());
    std::iota(as_given.begin(), as_given.end(), 0);
    return StepsOfEach(writes, as_given);
  }
  Joiner joiner(writes);
  const auto add_where = [&](auto is_wanted) {
    joiner.Part();
    for (const size_t index : order) {
      if (is_wanted(writes[index])) {
        joiner.Add(index, StatementOf(writes[index]));
      }
    }
  };
  add_where([](const StateWrite& write) { return IsUnconditional(write) && !IsDelete(write); });
  add_where([](const StateWrite& write) { return IsUnconditional(write) && IsDelete(write); });
  add_where([](const StateWrite& write) { return !IsUnconditional(write); });
  return joiner.Take();
}

WriteSteps StepsOfTransaction(std::span<const StateWrite> writes, bool may_join) {
  Joiner joiner(writes);
  for (const size_t index : OrderByKey(writes)) {
    if (!may_join) {
      joiner.Part();
    }
    joiner.Add(index, StrictStatementOf(writes[index]));
  }
  return joiner.Take();
}

Status AddStep(PostgresConnection& connection, Layout layout, std::span<const StateWrite> writes,
               const WriteStep& step) {
  if (step.sql == Sql::kSetMany) {
    return AddSets(connection, layout, writes, step);
  }
  if (step.sql == Sql::kDeleteMany) {
    ArrayText keys(ArrayText::kText, step.indexes.size());
    for (const size_t index : step.indexes) {
      keys.Add(writes[index].key);
    }
    return connection.Add(step.sql, Parameters().Add(keys.text()));
  }
  const EncodedWrite encoded(layout, writes[step.indexes.front()]);
  return connection.Add(step.sql, encoded.parameters);
}

void ReadStep(std::span<const StateWrite> writes, const WriteStep& step, const QueryResult& result,
              std::span<WriteOutcome> outcomes) {
  if (step.sql != Sql::kSetMany) {
    for (const size_t index : step.indexes) {
      outcomes[index] = ReadOutcome(writes[index], result);
    }
    return;
  }
  std::unordered_map<std::string_view, int> rows;
  for (int row = 0; row < result.rows(); ++row) {
    rows.emplace(result.Text(row, 1), row);
  }
  for (const size_t index : step.indexes) {
    const auto found = rows.find(writes[index].key);
    outcomes[index] = found == rows.end() ? WriteOutcome(WroteNothing())
                                          : WriteOutcome(Etag(result.Text(found->second, 0)));
  }
}

bool IsConditionError(const WriteStep& step, const QueryResult& result) {
  constexpr std::string_view kDivisionByZero = "22012";
  const bool is_strict = step.sql == Sql::kSetIfAbsentOrFail ||
                         step.sql == Sql::kSetIfMatchOrFail ||
                         step.sql == Sql::kDeleteIfMatchOrFail;
  return is_strict && result.sqlstate() == kDivisionByZero;
}

}  // namespace MECHA_COMPONENT
