// SPDX-License-Identifier: Apache-2.0
// ApplyOperation: writes several keys, as one transaction or independently.
#pragma once

#include <vector>

#include "state/get_many_operation.h"
#include "state/state_block.h"

namespace mecha {

class ApplyOperation final : public Operation {
 public:
  ApplyOperation(StateBlock& block, const CallOptions& call, const ApplyRequest& request);

  // Checks and translates the writes. Not OK: the transaction must be refused. A write of an
  // independent batch that is wrong fails alone.
  Status Prepare(const ApplyRequest& request);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  Status CheckTransaction() const;
  void Record(std::vector<WriteOutcome> outcomes);
  size_t FaultIndex() const;

  StateBlock& block_;
  const bool is_atomic_;
  StoredKeys keys_;
  std::vector<Etag> etags_;
  std::vector<StateWrite> writes_;   // those that are well-formed
  std::vector<size_t> write_items_;  // the item of each
  std::vector<ResultItem> items_;
};

}  // namespace mecha
