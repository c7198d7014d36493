// SPDX-License-Identifier: Apache-2.0
#include "result/status.h"

namespace mecha {

namespace {

struct NamedCode {
  StatusCode code;
  const char* name;
};

constexpr NamedCode kNames[] = {
    {StatusCode::kOk, "OK"},
    {StatusCode::kCancelled, "CANCELLED"},
    {StatusCode::kUnknown, "UNKNOWN"},
    {StatusCode::kInvalidArgument, "INVALID_ARGUMENT"},
    {StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    {StatusCode::kNotFound, "NOT_FOUND"},
    {StatusCode::kAlreadyExists, "ALREADY_EXISTS"},
    {StatusCode::kPermissionDenied, "PERMISSION_DENIED"},
    {StatusCode::kResourceExhausted, "RESOURCE_EXHAUSTED"},
    {StatusCode::kFailedPrecondition, "FAILED_PRECONDITION"},
    {StatusCode::kAborted, "ABORTED"},
    {StatusCode::kOutOfRange, "OUT_OF_RANGE"},
    {StatusCode::kUnimplemented, "UNIMPLEMENTED"},
    {StatusCode::kInternal, "INTERNAL"},
    {StatusCode::kUnavailable, "UNAVAILABLE"},
    {StatusCode::kDataLoss, "DATA_LOSS"},
    {StatusCode::kUnauthenticated, "UNAUTHENTICATED"},
    {StatusCode::kBusy, "BUSY"},
    {StatusCode::kClosed, "CLOSED"},
    {StatusCode::kForked, "FORKED"},
    {StatusCode::kReentrant, "REENTRANT"},
    {StatusCode::kVersion, "VERSION"},
    {StatusCode::kNoMemory, "NO_MEMORY"},
    {StatusCode::kGone, "GONE"},
    {StatusCode::kSuspended, "SUSPENDED"},
    {StatusCode::kOutcomeUnknown, "OUTCOME_UNKNOWN"},
    {StatusCode::kDeadlock, "DEADLOCK"},
    {StatusCode::kStuck, "STUCK"},
};

}  // namespace

const char* NameOf(StatusCode code) {
  for (const NamedCode& known : kNames) {
    if (known.code == code) {
      return known.name;
    }
  }
  return "UNKNOWN";
}

Status::Status(StatusCode code, std::string_view message) : code_(code) {
  if (!message.empty()) {
    message_ = new Message(message);
  }
}

void Status::Retain() { message_->references.fetch_add(1, std::memory_order_relaxed); }

void Status::Release() {
  if (message_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete message_;
  }
}

Status InvalidArgument(std::string_view message) {
  return Status(StatusCode::kInvalidArgument, message);
}
Status FailedPrecondition(std::string_view message) {
  return Status(StatusCode::kFailedPrecondition, message);
}
Status Unavailable(std::string_view message) { return Status(StatusCode::kUnavailable, message); }
Status Aborted(std::string_view message) { return Status(StatusCode::kAborted, message); }
Status Internal(std::string_view message) { return Status(StatusCode::kInternal, message); }
Status DeadlineExceeded(std::string_view message) {
  return Status(StatusCode::kDeadlineExceeded, message);
}
Status Cancelled(std::string_view message) { return Status(StatusCode::kCancelled, message); }
Status Unimplemented(std::string_view message) {
  return Status(StatusCode::kUnimplemented, message);
}
Status ResourceExhausted(std::string_view message) {
  return Status(StatusCode::kResourceExhausted, message);
}

Status WithPrefix(const Status& status, std::string_view prefix) {
  std::string message(prefix);
  if (!status.message().empty()) {
    message += ": ";
    message += status.message();
  }
  return MarkApplied(Status(status.code(), message), status.applied());
}

Status MarkApplied(Status status, Applied applied) {
  status.set_applied(applied);
  return status;
}

}  // namespace mecha
