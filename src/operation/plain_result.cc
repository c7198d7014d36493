// SPDX-License-Identifier: Apache-2.0
#include "operation/plain_result.h"

#include <utility>

namespace mecha {

Result* PlainResult::OfText(std::string_view key, std::string_view text, uint64_t number,
                            Kind kind) {
  auto* result = new PlainResult(kind);
  result->key_ = key;
  result->item_.key = result->key_;
  result->item_.value = Buffer::CopyOf(text);
  result->item_.number = number;
  result->SetItems({&result->item_, 1});
  return result;
}

Result* PlainResult::OfError(const Status& status) {
  return OfError(status, std::make_unique<Error>(Error::From(status)));
}

Result* PlainResult::OfError(const Status& status, std::unique_ptr<Error> error) {
  auto* result = new PlainResult(Kind::kCompletion);
  result->SetOutcome(status, std::move(error));
  return result;
}

}  // namespace mecha
