// SPDX-License-Identifier: Apache-2.0
#include "resources/findings.h"

#include "result/status.h"

namespace mecha {
namespace {

// More than a screen of errors helps nobody.
constexpr size_t kMostErrors = 20;

std::string Line(const Location& location, std::string_view text) {
  std::string line = ToText(location);
  if (!line.empty()) {
    line += ": ";
  }
  line += text;
  return line;
}

}  // namespace

void Findings::Error(StatusCode code, const Location& location, std::string_view text) {
  if (code_ == StatusCode::kOk) {
    code_ = code;
  }
  if (++error_count_ > kMostErrors) {
    return;
  }
  if (!errors_.empty()) {
    errors_ += '\n';
  }
  errors_ += Line(location, text);
}

void Findings::Lenient(StatusCode code, const Location& location, std::string_view text) {
  if (strictness_ == Strictness::kStrict) {
    Error(code, location, text);
  } else {
    Warn(location, text);
  }
}

void Findings::Warn(const Location& location, std::string_view text) {
  warnings_.push_back(Line(location, text));
}

Status Findings::ToStatus() const {
  if (error_count_ == 0) {
    return OkStatus();
  }
  if (error_count_ <= kMostErrors) {
    return Status(code_, errors_);
  }
  const std::string more = std::to_string(error_count_ - kMostErrors);
  return Status(code_, errors_ + "\nand " + more + " more");
}

}  // namespace mecha
