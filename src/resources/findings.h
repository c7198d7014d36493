// SPDX-License-Identifier: Apache-2.0
// Findings: the errors and warnings met while resources are read and checked, so that one run names
// every mistake. Not thread-safe; it belongs to whoever reads. Texts say what is wrong and what to
// do, and never hold the value of a sensitive field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/location.h"
#include "resources/strictness.h"
#include "result/status.h"

namespace mecha {

class Findings {
 public:
  explicit Findings(Strictness strictness) : strictness_(strictness) {}

  Strictness strictness() const { return strictness_; }

  // An error whatever the strictness. The first one's code becomes the code of the whole.
  void Error(const Location& location, std::string_view text) {
    Error(StatusCode::kInvalidArgument, location, text);
  }
  void Error(StatusCode code, const Location& location, std::string_view text);
  // An error in strict mode, else a warning.
  void Lenient(const Location& location, std::string_view text) {
    Lenient(StatusCode::kInvalidArgument, location, text);
  }
  void Lenient(StatusCode code, const Location& location, std::string_view text);
  void Warn(const Location& location, std::string_view text);

  bool HasErrors() const { return error_count_ != 0; }
  // OK, or one line per error (the first twenty, then how many more).
  Status ToStatus() const;

  const std::vector<std::string>& warnings() const { return warnings_; }
  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }

 private:
  Strictness strictness_;
  StatusCode code_ = StatusCode::kOk;
  size_t error_count_ = 0;
  std::string errors_;
  std::vector<std::string> warnings_;
};

}  // namespace mecha
