// SPDX-License-Identifier: Apache-2.0
// WriteOperation: sets or deletes one key.
#pragma once

#include "operation/short_text.h"
#include "state/state_block.h"

namespace mecha {

class WriteOperation final : public Operation {
 public:
  // `write` is the request in the contract's terms; the key and, where needed, the value and etag
  // are kept here.
  WriteOperation(StateBlock& block, const CallOptions& call, const WriteRequest& request,
                 const StateWrite& write);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  StateBlock& block_;
  ShortText stored_key_;
  StateWrite write_;
  Etag etag_;
  ResultItem item_;
};

}  // namespace mecha
