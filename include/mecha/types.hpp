// SPDX-License-Identifier: Apache-2.0
// What the C++ wrapper's other headers share: status codes, text as views, and how to run a call.
// A header-only C++17 layer over the C functions; it is not a second implementation.
//
// Works with and without exceptions and RTTI: errors are values (result.hpp). Everything lives in
// namespace mecha. Objects are moved, not copied, unless said; use each from one thread at a time
// unless said.
#ifndef MECHA_TYPES_HPP
#define MECHA_TYPES_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "types.h"

namespace mecha {
namespace v0 {}
// mecha::X is short for mecha::v0::X. Mecha's own tests, which see both the wrapper and the
// library's insides, define MECHA_CPP_QUALIFIED and write mecha::v0::X.
#ifndef MECHA_CPP_QUALIFIED
using namespace v0;
#endif
}  // namespace mecha

namespace mecha {
namespace v0 {

/// How something ended. A value that is not listed is to be treated as kUnknown.
enum class Status : std::int32_t {
  kOk = MECHA_OK,
  kPending = MECHA_PENDING,
  kPartial = MECHA_PARTIAL,
  kCancelled = MECHA_CANCELLED,
  kUnknown = MECHA_UNKNOWN,
  kInvalidArgument = MECHA_INVALID_ARGUMENT,
  kDeadlineExceeded = MECHA_DEADLINE_EXCEEDED,
  kNotFound = MECHA_NOT_FOUND,
  kAlreadyExists = MECHA_ALREADY_EXISTS,
  kPermissionDenied = MECHA_PERMISSION_DENIED,
  kResourceExhausted = MECHA_RESOURCE_EXHAUSTED,
  kFailedPrecondition = MECHA_FAILED_PRECONDITION,
  kAborted = MECHA_ABORTED,
  kOutOfRange = MECHA_OUT_OF_RANGE,
  kUnimplemented = MECHA_UNIMPLEMENTED,
  kInternal = MECHA_INTERNAL,
  kUnavailable = MECHA_UNAVAILABLE,
  kDataLoss = MECHA_DATA_LOSS,
  kUnauthenticated = MECHA_UNAUTHENTICATED,
  kBusy = MECHA_BUSY,
  kClosed = MECHA_CLOSED,
  kForked = MECHA_FORKED,
  kReentrant = MECHA_REENTRANT,
  kVersion = MECHA_VERSION,
  kNoMemory = MECHA_NO_MEMORY,
  kGone = MECHA_GONE,
  kSuspended = MECHA_SUSPENDED,
  kOutcomeUnknown = MECHA_OUTCOME_UNKNOWN,
  kDeadlock = MECHA_DEADLOCK,
  kStuck = MECHA_STUCK
};

/// True for a failure; false for kOk, kPending and kPartial.
constexpr bool IsFailure(Status status) noexcept { return static_cast<std::int32_t>(status) < 0; }

/// Names a status, "NOT_FOUND". A constant.
inline std::string_view NameOf(Status status) noexcept {
  return mecha_status_name(static_cast<mecha_status>(status));
}

/// The version of the library in use, in the form of MECHA_API_VERSION, which is the version of
/// these headers.
inline std::uint32_t Version() noexcept { return mecha_version(); }
/// The same for people, "0.1.0". A constant.
inline std::string_view VersionText() noexcept { return mecha_version_string(); }

/// The bytes of `text` for a C function; empty text is present and empty. Borrows `text`.
inline mecha_view ToView(std::string_view text) noexcept {
  return {text.data() == nullptr ? "" : text.data(), text.size()};
}

/// As ToView, but empty text is absent: for optional arguments.
inline mecha_view ToOptionalView(std::string_view text) noexcept {
  return {text.empty() ? nullptr : text.data(), text.size()};
}

/// The bytes a C function gave. An absent view reads as empty.
inline std::string_view ToText(mecha_view view) noexcept {
  return {static_cast<const char*>(view.data), view.data == nullptr ? 0 : view.size};
}

/// A run of objects of someone else: from an array, a vector, or a list in braces. Does not own
/// them; made from a list in braces it is good for that one call.
template <class T>
class Span {
 public:
  constexpr Span() noexcept = default;
  constexpr Span(const T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  Span(std::initializer_list<T> list) noexcept : size_(list.size()) {
    data_ = list.begin();  // not above: g++ warns of the list's lifetime, which the caller has
  }
  template <std::size_t size>
  constexpr Span(const T (&array)[size]) noexcept : data_(array), size_(size) {}
  template <class Container, class = std::enable_if_t<std::is_convertible_v<
                                 decltype(std::declval<const Container&>().data()), const T*>>>
  Span(const Container& container) noexcept : data_(container.data()), size_(container.size()) {}

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr const T* begin() const noexcept { return data_; }
  constexpr const T* end() const noexcept { return data_ + size_; }
  constexpr const T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A name and its value: metadata of a call, or a setting. Borrows both.
struct Entry {
  std::string_view key{};
  std::string_view value{};
};

/// How the pauses between tries grow.
enum class RetryPattern : std::uint32_t {
  kConstant = MECHA_RETRY_CONSTANT,
  kLinear = MECHA_RETRY_LINEAR,
  kExponential = MECHA_RETRY_EXPONENTIAL
};

/// When to try a failed operation again; replaces the resource's policy for one call. Only failures
/// that surely changed nothing are retried, unless the call is idempotent.
struct RetryPolicy {
  RetryPattern pattern = RetryPattern::kConstant;
  std::chrono::nanoseconds interval{0};      ///< the first pause; 0 = 100 ms
  std::chrono::nanoseconds max_interval{0};  ///< no pause is longer; 0 = 10 s
  std::int32_t limit = 3;                    ///< tries after the first; negative = to the deadline
};

/// Names one running operation, so that another thread can cancel it (Runtime::Cancel). Outlives
/// the call it is given to. Safe to read from any thread.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// The operation's id; 0 before it was given to a call.
  std::uint64_t id() const noexcept { return __atomic_load_n(&id_, __ATOMIC_ACQUIRE); }
  /// For the C functions: where they write the id.
  mecha_op* slot() noexcept { return &id_; }

 private:
  mecha_op id_ = 0;
};

/// A call's timeout that never passes.
inline constexpr std::chrono::nanoseconds kNoTimeout{-1};

/// How to run one call. All defaults together are what most calls want.
struct CallOptions {
  std::chrono::nanoseconds timeout{0};  ///< 0 = the runtime's default, 60 s; covers all retries
  std::optional<RetryPolicy> retry{};   ///< none = the resource's policy
  bool is_idempotent = false;           ///< doing it twice is harmless: ambiguous failures retry
  bool may_finish_inline = false;       ///< asynchronous: may be over on return, with no event
  bool borrows_inputs = false;          ///< asynchronous: key and value stay valid until the event
  std::vector<Entry> metadata{};
  std::string_view traceparent{};
  std::string_view tracestate{};
  std::string_view baggage{};
  std::string_view idempotency_key{};
  std::uint64_t within = 0;             ///< an inbound request's id; 0 = on its own
  Operation* operation = nullptr;       ///< receives the id to cancel it by
  int (*interrupted)(void*) = nullptr;  ///< asked after a signal; non-zero cancels the call
  void* user = nullptr;                 ///< handed to `interrupted`
};

namespace detail {

/// An array of C structs that allocates only beyond N of them. Not zeroed.
template <class T, std::size_t N>
class SmallArray {
 public:
  explicit SmallArray(std::size_t size) : size_(size) {
    if (size > N) large_ = std::make_unique<T[]>(size);
  }
  T* data() noexcept { return large_ ? large_.get() : fixed_.data(); }
  T& operator[](std::size_t index) noexcept { return data()[index]; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::unique_ptr<T[]> large_;
  std::array<T, N> fixed_;
};

inline mecha_kv ToKeyValue(const Entry& entry) noexcept {
  return {ToView(entry.key), ToView(entry.value)};
}

/// CallOptions in the form of the C functions. Lives on the stack during one call.
class CallBlock {
 public:
  explicit CallBlock(const CallOptions& options, mecha_queue* queue = nullptr,
                     std::uint64_t token = 0)
      : metadata_(options.metadata.size()) {
    FillCall(options);
    call_.queue = queue;
    call_.token = token;
    // A blocking call that nobody can cancel is not entered into the table of operations.
    if (queue != nullptr && call_.op == nullptr) call_.op = &operation_;
    if (options.retry) FillRetry(*options.retry);
    for (std::size_t i = 0; i < metadata_.size(); ++i) {
      metadata_[i] = ToKeyValue(options.metadata[i]);
    }
    call_.metadata = metadata_.data();
    call_.metadata_count = metadata_.size();
  }
  CallBlock(const CallBlock&) = delete;
  CallBlock& operator=(const CallBlock&) = delete;

  const mecha_call* get() const noexcept { return &call_; }
  /// The arrays of this call are the wrapper's own: the library has to copy them.
  void CopyInputs() noexcept { call_.flags &= ~std::uint32_t{MECHA_CALL_BORROW}; }
  /// The operation's id; 0 when it was refused, or blocks and has no Operation.
  std::uint64_t operation_id() const noexcept {
    return call_.op == nullptr ? 0 : __atomic_load_n(call_.op, __ATOMIC_ACQUIRE);
  }

 private:
  void FillCall(const CallOptions& options) noexcept {
    call_.struct_size = sizeof(call_);
    if (options.may_finish_inline) call_.flags |= MECHA_CALL_INLINE;
    if (options.borrows_inputs && options.metadata.empty()) call_.flags |= MECHA_CALL_BORROW;
    if (options.is_idempotent) call_.flags |= MECHA_CALL_IDEMPOTENT;
    if (options.operation != nullptr) call_.op = options.operation->slot();
    call_.timeout_ns = options.timeout.count();
    call_.traceparent = ToOptionalView(options.traceparent);
    call_.tracestate = ToOptionalView(options.tracestate);
    call_.baggage = ToOptionalView(options.baggage);
    call_.within = options.within;
    call_.idempotency_key = ToOptionalView(options.idempotency_key);
    call_.interrupted = options.interrupted;
    call_.user = options.user;
  }
  void FillRetry(const RetryPolicy& policy) noexcept {
    retry_.struct_size = sizeof(retry_);
    retry_.pattern = static_cast<std::uint32_t>(policy.pattern);
    retry_.interval_ns = policy.interval.count();
    retry_.max_interval_ns = policy.max_interval.count();
    retry_.limit = policy.limit;
    call_.retry = &retry_;
  }

  mecha_call call_{};
  mecha_retry retry_{};
  mecha_op operation_ = 0;
  SmallArray<mecha_kv, 4> metadata_;
};

/// Owns a C handle and frees it with `Free`.
template <class T, void (*Free)(T*)>
struct Freer {
  void operator()(T* handle) const noexcept { Free(handle); }
};
template <class T, void (*Free)(T*)>
using Handle = std::unique_ptr<T, Freer<T, Free>>;

}  // namespace detail
}  // namespace v0
}  // namespace mecha

#endif  // MECHA_TYPES_HPP
