// SPDX-License-Identifier: Apache-2.0
#include "result/status.h"

#include <string>

#include "absl/strings/cord.h"

namespace mecha {
namespace {

constexpr absl::string_view kAppliedPayload = "mecha/applied";

}  // namespace

absl::Status MakeStatus(absl::StatusCode code, std::string_view message) {
  return absl::Status(code, ToAbsl(message));
}

absl::Status MakeStatus(LocalCode code, std::string_view message) {
  return absl::Status(static_cast<absl::StatusCode>(code), ToAbsl(message));
}

bool HasCode(const absl::Status& status, LocalCode code) {
  return status.raw_code() == static_cast<int>(code);
}

absl::Status InvalidArgument(std::string_view message) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, message);
}
absl::Status FailedPrecondition(std::string_view message) {
  return MakeStatus(absl::StatusCode::kFailedPrecondition, message);
}
absl::Status Unavailable(std::string_view message) {
  return MakeStatus(absl::StatusCode::kUnavailable, message);
}
absl::Status Aborted(std::string_view message) {
  return MakeStatus(absl::StatusCode::kAborted, message);
}
absl::Status Internal(std::string_view message) {
  return MakeStatus(absl::StatusCode::kInternal, message);
}
absl::Status DeadlineExceeded(std::string_view message) {
  return MakeStatus(absl::StatusCode::kDeadlineExceeded, message);
}
absl::Status Cancelled(std::string_view message) {
  return MakeStatus(absl::StatusCode::kCancelled, message);
}
absl::Status Unimplemented(std::string_view message) {
  return MakeStatus(absl::StatusCode::kUnimplemented, message);
}
absl::Status ResourceExhausted(std::string_view message) {
  return MakeStatus(absl::StatusCode::kResourceExhausted, message);
}

absl::Status WithPrefix(const absl::Status& status, std::string_view prefix) {
  std::string message(prefix);
  if (!status.message().empty()) {
    message += ": ";
    message += Message(status);
  }
  absl::Status prefixed(static_cast<absl::StatusCode>(status.raw_code()), ToAbsl(message));
  const Applied applied = AppliedOf(status);
  return applied == Applied::kNo ? prefixed : MarkApplied(std::move(prefixed), applied);
}

absl::Status MarkApplied(absl::Status status, Applied applied) {
  if (applied == Applied::kNo) {
    status.ErasePayload(kAppliedPayload);
  } else {
    status.SetPayload(kAppliedPayload, absl::Cord(applied == Applied::kYes ? "yes" : "maybe"));
  }
  return status;
}

Applied AppliedOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kAppliedPayload);
  if (!payload.has_value()) {
    return Applied::kNo;
  }
  return *payload == "yes" ? Applied::kYes : Applied::kMaybe;
}

}  // namespace mecha
