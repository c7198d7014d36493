// SPDX-License-Identifier: Apache-2.0
// PlainResult: a result that no component made: a text (describe, a report), a refusal, a log line.
// It is done from the start.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "operation/operation.h"

namespace mecha {

class PlainResult final : public Operation {
 public:
  // One item with `text` as its value.
  static Operation* OfText(const Target& target, std::string_view key, std::string_view text,
                           uint64_t number = 0);
  // No item, and an error that says `message`.
  static Operation* OfError(const Target& target, const Status& status);

 protected:
  void Attempt() override {}
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  explicit PlainResult(const Target& target) : Operation(Verb::kPing, target, {}) {}

  std::string key_;
  ResultItem item_;
};

}  // namespace mecha
