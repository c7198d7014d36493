// SPDX-License-Identifier: Apache-2.0
// ListOperation: one page of keys.
#pragma once

#include <string>
#include <vector>

#include "state/state_block.h"

namespace mecha {

class ListOperation final : public Operation {
 public:
  ListOperation(StateBlock& block, const CallOptions& call, const ListKeysRequest& request);

  // Checks the request and reads its page token. Not OK: it must be refused.
  Status Prepare(const ListKeysRequest& request);

 protected:
  void Attempt() override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  Status CheckPage(const ListPage& page) const;
  void Record(ListPage page);

  StateBlock& block_;
  std::string stored_prefix_;
  std::string position_;
  size_t limit_ = 0;
  std::vector<std::string> keys_;
  std::vector<ResultItem> items_;
};

}  // namespace mecha
