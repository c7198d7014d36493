// SPDX-License-Identifier: Apache-2.0
// GetOperation: reads one key.
#pragma once

#include "operation/short_text.h"
#include "state/state_block.h"

namespace mecha {

// Moves what a store returned into an item. Not for failures.
void FillItem(ResultItem& item, StateValue&& value);

class GetOperation final : public Operation {
 public:
  GetOperation(StateBlock& block, const CallOptions& call, std::string_view key,
               const StateRead& read);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  StateBlock& block_;
  const StateRead read_;
  ShortText stored_key_;
  ResultItem item_;
};

}  // namespace mecha
