// SPDX-License-Identifier: Apache-2.0
#include "operation/plain_result.h"

namespace mecha {

Operation* PlainResult::OfText(const Target& target, std::string_view key, std::string_view text,
                               uint64_t number) {
  auto* result = new PlainResult(target);
  result->key_ = key;
  result->item_.key = result->key_;
  result->item_.value = Buffer::CopyOf(text);
  result->item_.number = number;
  result->SetItems({&result->item_, 1});
  result->Refuse(OkStatus());
  return result;
}

Operation* PlainResult::OfError(const Target& target, const Status& status) {
  auto* result = new PlainResult(target);
  result->Refuse(status);
  return result;
}

std::unique_ptr<Error> PlainResult::MakeError(const Status& status) {
  return std::make_unique<Error>(Error::From(status));
}

}  // namespace mecha
