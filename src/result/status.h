// SPDX-License-Identifier: Apache-2.0
// What absl::Status lacks for this code base: std::string_view both ways, the local codes of the C
// interface, and whether a failed write may have been applied. It is not an error type of its own.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mecha {

// Codes beyond the gRPC canonical ones. They travel as raw codes inside absl::Status, where
// `code()` reads UNKNOWN and `raw_code()` the number here. The C status is the number negated.
enum class LocalCode : int {
  kBusy = 100,
  kClosed = 101,
  kForked = 102,
  kReentrant = 103,
  kVersion = 104,
  kNoMemory = 105,
  kGone = 106,
  kSuspended = 107,
  kOutcomeUnknown = 108,
  kDeadlock = 109,
  kStuck = 110,
};

// Whether a failed operation changed the store.
enum class Applied : uint8_t { kNo, kMaybe, kYes };

// Debian's Abseil has its own string_view; these two are the only place that knows.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

absl::Status MakeStatus(absl::StatusCode code, std::string_view message);
absl::Status MakeStatus(LocalCode code, std::string_view message);
bool HasCode(const absl::Status& status, LocalCode code);

// A status without a message does not allocate: use this one on hot paths.
inline absl::Status NotFound() { return absl::Status(absl::StatusCode::kNotFound, {}); }

absl::Status InvalidArgument(std::string_view message);
absl::Status FailedPrecondition(std::string_view message);
absl::Status Unavailable(std::string_view message);
absl::Status Aborted(std::string_view message);
absl::Status Internal(std::string_view message);
absl::Status DeadlineExceeded(std::string_view message);
absl::Status Cancelled(std::string_view message);
absl::Status Unimplemented(std::string_view message);
absl::Status ResourceExhausted(std::string_view message);

// Same code and marks, message `prefix + ": " + message`.
absl::Status WithPrefix(const absl::Status& status, std::string_view prefix);

// Marks a failure as "the write may have happened" (or has). Unmarked means it has not.
absl::Status MarkApplied(absl::Status status, Applied applied);
Applied AppliedOf(const absl::Status& status);

}  // namespace mecha

#define MECHA_CONCAT_INNER(a, b) a##b
#define MECHA_CONCAT(a, b) MECHA_CONCAT_INNER(a, b)

// Returns the status of `expression` from the enclosing function unless it is OK.
#define RETURN_IF_ERROR(expression)                 \
  do {                                              \
    absl::Status mecha_status_value = (expression); \
    if (!mecha_status_value.ok()) {                 \
      return mecha_status_value;                    \
    }                                               \
  } while (false)

#define ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) {                                      \
    return temporary.status();                                \
  }                                                           \
  target = *std::move(temporary)

// `ASSIGN_OR_RETURN(T x, Function())`: x gets the value, or the status is returned.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(MECHA_CONCAT(mecha_status_or_, __LINE__), target, expression)
