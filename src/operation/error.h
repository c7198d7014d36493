// SPDX-License-Identifier: Apache-2.0
// Error: a failure as the caller sees it: code, one line, and named parts. Made once, by the block;
// immutable afterwards.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resiliency/retry.h"
#include "result/status.h"

namespace mecha {

struct Error {
  int code = 0;  // the raw code of Status
  std::string message;
  std::vector<std::pair<std::string, std::string>> details;
  Retryability retryability = Retryability::kNo;

  // `message` is complete; `applied` and `cause` become details.
  static Error From(const Status& status, std::string message);
  static Error From(const Status& status);

  void AddDetail(std::string name, std::string value) {
    details.emplace_back(std::move(name), std::move(value));
  }
  const std::string* FindDetail(std::string_view name) const;
};

}  // namespace mecha
