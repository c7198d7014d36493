// SPDX-License-Identifier: Apache-2.0
// PlainResult: a result that no component made: a text (describe, a report), a refusal, a log line.
// It is done from the start.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "operation/result.h"

namespace mecha {

class PlainResult final : public Result {
 public:
  // One item with `text` as its value.
  static Result* OfText(std::string_view key, std::string_view text, uint64_t number = 0,
                        Kind kind = Kind::kCompletion);
  // No item, and an error that says the message of `status`.
  static Result* OfError(const Status& status);
  // The same with an error that says more.
  static Result* OfError(const Status& status, std::unique_ptr<Error> error);

 private:
  explicit PlainResult(Kind kind) : Result(kind) {}

  std::string key_;
  ResultItem item_;
};

}  // namespace mecha
