// SPDX-License-Identifier: Apache-2.0
#include "operation/error.h"

#include "result/status.h"

namespace mecha {
namespace {

std::string_view NameOf(Applied applied) {
  switch (applied) {
    case Applied::kNo:
      return "no";
    case Applied::kMaybe:
      return "maybe";
    case Applied::kYes:
      return "yes";
  }
  return "no";
}

}  // namespace

Error Error::From(const Status& status, std::string message) {
  Error error;
  error.code = static_cast<int>(status.code());
  error.message = std::move(message);
  error.retryability = RetryabilityOf(status);
  error.AddDetail("applied", std::string(NameOf(status.applied())));
  error.AddDetail("cause", std::string(status.message()));
  return error;
}

Error Error::From(const Status& status) { return From(status, std::string(status.message())); }

const std::string* Error::FindDetail(std::string_view name) const {
  for (const auto& [known, value] : details) {
    if (known == name) {
      return &value;
    }
  }
  return nullptr;
}

}  // namespace mecha
