// SPDX-License-Identifier: Apache-2.0
// QueryOperation: one page of the values that a query finds.
#pragma once

#include <string>

#include "state/query_parser.h"
#include "state/state_block.h"

namespace mecha {

class QueryOperation final : public Operation {
 public:
  QueryOperation(StateBlock& block, const CallOptions& call)
      : Operation(Verb::kQuery, block.service().MakeTarget(), call), block_(block) {}

  // Parses the query and reads its page token. Not OK: it must be refused.
  Status Prepare(const QueryValuesRequest& request);

 protected:
  void Attempt() override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  Status CheckPage(const QueryPage& page) const;
  void Record(QueryPage page);

  StateBlock& block_;
  ParsedQuery query_;
  size_t limit_ = 0;
  std::string scope_;  // what a page token is good for
  std::string position_;
  QueryPage page_;
  std::vector<ResultItem> items_;
};

}  // namespace mecha
