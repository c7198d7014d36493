// SPDX-License-Identifier: Apache-2.0
// Status: how something ended: a code, a message, and whether a failed write may have been applied.
// OK and failures without a message cost no allocation. Functions of the library return it, or
// StatusOr; exceptions are for the few wrapped libraries that throw.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mecha {

// The canonical codes of gRPC, then those of the C interface only. The C status is the number
// negated.
enum class StatusCode : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
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
  // Between a component and its block only: call again on a thread that may block.
  kWouldBlock = 200,
};

// "NOT_FOUND", "BUSY"; "UNKNOWN" for a number that is no code.
const char* NameOf(StatusCode code);

// Whether a failed operation changed the store.
enum class Applied : uint8_t { kNo, kMaybe, kYes };

// Copies share the message. One object is used by one thread at a time; copies are independent.
class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(StatusCode code) : code_(code) {}
  Status(StatusCode code, std::string_view message);
  Status(const Status& other)
      : code_(other.code_), applied_(other.applied_), message_(other.message_) {
    if (message_ != nullptr) [[unlikely]] {
      Retain();
    }
  }
  Status(Status&& other) noexcept
      : code_(other.code_),
        applied_(other.applied_),
        message_(std::exchange(other.message_, nullptr)) {}
  Status& operator=(Status other) noexcept {
    code_ = other.code_;
    applied_ = other.applied_;
    std::swap(message_, other.message_);
    return *this;
  }
  ~Status() {
    if (message_ != nullptr) [[unlikely]] {
      Release();
    }
  }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  std::string_view message() const {
    return message_ == nullptr ? std::string_view() : std::string_view(message_->text);
  }
  // Of a failure: whether the write may have happened. kNo unless marked.
  Applied applied() const { return applied_; }
  void set_applied(Applied applied) { applied_ = applied; }

  // Takes over `other` if this is OK: the first failure stays.
  void Update(const Status& other) {
    if (ok()) {
      *this = other;
    }
  }
  // Says that the outcome does not matter here.
  void IgnoreError() const {}

  // Same code and message; the mark does not count.
  friend bool operator==(const Status& a, const Status& b) {
    return a.code_ == b.code_ && a.message() == b.message();
  }

 private:
  struct Message {
    explicit Message(std::string_view from) : text(from) {}
    std::atomic<uint32_t> references{1};
    const std::string text;
  };
  void Retain();
  void Release();

  StatusCode code_ = StatusCode::kOk;
  Applied applied_ = Applied::kNo;
  Message* message_ = nullptr;
};

inline Status OkStatus() { return Status(); }
// No message, no allocation.
inline Status NotFound() { return Status(StatusCode::kNotFound); }

inline Status WouldBlock() { return Status(StatusCode::kWouldBlock); }

Status InvalidArgument(std::string_view message);
Status FailedPrecondition(std::string_view message);
Status Unavailable(std::string_view message);
Status Aborted(std::string_view message);
Status Internal(std::string_view message);
Status DeadlineExceeded(std::string_view message);
Status Cancelled(std::string_view message);
Status Unimplemented(std::string_view message);
Status ResourceExhausted(std::string_view message);

inline bool HasCode(const Status& status, StatusCode code) { return status.code() == code; }
inline bool IsAborted(const Status& s) { return HasCode(s, StatusCode::kAborted); }
inline bool IsCancelled(const Status& s) { return HasCode(s, StatusCode::kCancelled); }
inline bool IsDataLoss(const Status& s) { return HasCode(s, StatusCode::kDataLoss); }
inline bool IsDeadlineExceeded(const Status& s) {
  return HasCode(s, StatusCode::kDeadlineExceeded);
}
inline bool IsFailedPrecondition(const Status& s) {
  return HasCode(s, StatusCode::kFailedPrecondition);
}
inline bool IsInvalidArgument(const Status& s) { return HasCode(s, StatusCode::kInvalidArgument); }
inline bool IsNotFound(const Status& s) { return HasCode(s, StatusCode::kNotFound); }
inline bool IsOutOfRange(const Status& s) { return HasCode(s, StatusCode::kOutOfRange); }
inline bool IsResourceExhausted(const Status& s) {
  return HasCode(s, StatusCode::kResourceExhausted);
}
inline bool IsUnavailable(const Status& s) { return HasCode(s, StatusCode::kUnavailable); }
inline bool IsUnimplemented(const Status& s) { return HasCode(s, StatusCode::kUnimplemented); }

// Same code and mark, message `prefix + ": " + message`.
Status WithPrefix(const Status& status, std::string_view prefix);
Status MarkApplied(Status status, Applied applied);

}  // namespace mecha

// Returns the status of `expression` from the enclosing function unless it is OK.
#define RETURN_IF_ERROR(expression)                  \
  do {                                               \
    mecha::Status mecha_status_value = (expression); \
    if (!mecha_status_value.ok()) {                  \
      return mecha_status_value;                     \
    }                                                \
  } while (false)
