// SPDX-License-Identifier: Apache-2.0
// What operations return: Result<T> is a value or an Error. It is not thrown anywhere by itself.
//
// Text read from an Answer or a Value is a view into it: it lives as long as the object it came
// from, or a Share of it, and no copy is made. Reading one from several threads is safe.
#ifndef MECHA_RESULT_HPP
#define MECHA_RESULT_HPP

#include <cstdlib>
#include <stdexcept>
#include <utility>
#include <variant>

#include "result.h"
#include "types.hpp"

namespace mecha {
namespace v0 {

/// One item of an Answer. Its views live as long as the Answer.
struct Item {
  Status status = Status::kOk;
  bool is_json = false;
  std::string_view group{};  ///< a secret's name
  std::string_view key{};
  std::string_view value{};
  std::string_view etag{};
  std::uint64_t number = 0;
  /// None: it never expires, or the store cannot tell.
  std::optional<std::chrono::system_clock::time_point> expires{};
};

/// What an operation returned, as the C functions give it: items, metadata, errors. Move-only;
/// Share makes a second owner of the same data. An empty one has no items.
class Answer {
 public:
  Answer() = default;
  /// Takes over a C result; NULL makes an empty answer.
  explicit Answer(mecha_result* given) noexcept : result_(given) {}

  /// A second owner of the same data; no copy is made.
  Answer Share() const noexcept { return Answer(mecha_result_retain(result_.get())); }
  /// How many items it has.
  std::size_t size() const noexcept { return Read().count; }
  /// How the operation ended; kOk when empty.
  Status status() const noexcept { return static_cast<Status>(Read().status); }
  /// How many tries were made.
  std::uint64_t tries() const noexcept { return Read().number; }
  /// True when a failed write may have happened all the same.
  bool maybe_applied() const noexcept { return (Read().flags & MECHA_RESULT_MAYBE_APPLIED) != 0; }
  /// A list's token for the next page; empty on the last.
  std::string_view page() const noexcept { return ToText(Read().page); }
  /// One item; past the last one its status is kOutOfRange.
  Item item(std::size_t index) const noexcept {
    mecha_item item{};
    item.struct_size = sizeof(item);
    Item read;
    const mecha_status status = mecha_result_item(get(), index, &item);
    if (status != MECHA_OK) {
      read.status = Status::kOutOfRange;
      return read;
    }
    read.status = static_cast<Status>(item.status);
    read.is_json = (item.flags & MECHA_ITEM_JSON) != 0;
    read.group = ToText(item.group);
    read.key = ToText(item.key);
    read.value = ToText(item.value);
    read.etag = ToText(item.etag);
    read.number = item.number;
    if (item.expires_unix_ms != 0) {
      read.expires =
          std::chrono::system_clock::time_point(std::chrono::milliseconds(item.expires_unix_ms));
    }
    return read;
  }
  /// Why item `index` failed, for a person; its status name when there is nothing to add.
  std::string_view ItemMessage(std::size_t index) const noexcept {
    const std::string_view text = mecha_error_message(mecha_result_error(get(), index));
    return text.empty() ? NameOf(item(index).status) : text;
  }
  /// Metadata entry `index` in order; none past the last. Keys are lower-case and may repeat.
  std::optional<Entry> Metadata(std::size_t index) const noexcept {
    mecha_kv entry{};
    if (mecha_result_metadata(get(), MECHA_METADATA_HEADERS, index, &entry) != MECHA_OK) {
      return std::nullopt;
    }
    return Entry{ToText(entry.key), ToText(entry.value)};
  }
  /// The C result, still owned by this answer; NULL when empty.
  mecha_result* get() const noexcept { return result_.get(); }
  /// The C result, now the caller's to release.
  mecha_result* Release() noexcept { return result_.release(); }

 private:
  mecha_result_info Read() const noexcept {
    mecha_result_info info{};
    info.struct_size = sizeof(info);
    if (result_) mecha_result_read(result_.get(), &info);
    return info;
  }

  detail::Handle<mecha_result, mecha_result_release> result_;
};

/// Whether trying again can help.
enum class Retryable : std::int32_t {
  kNo = MECHA_RETRYABLE_NO,
  kSafe = MECHA_RETRYABLE_SAFE,                           ///< nothing was changed
  kOnlyIfIdempotent = MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT  ///< it may have been applied already
};

/// Why something failed. Move-only; owns its text.
class Error {
 public:
  Error(Status status, Answer answer) noexcept
      : status_(status),
        answer_(std::move(answer)),
        error_(mecha_result_error(answer_.get(), MECHA_RESULT_WHOLE)) {}
  /// Takes over an error that a C function gave by itself.
  Error(Status status, mecha_error* given) noexcept
      : status_(status), owned_(given), error_(given) {}
  /// `text` is a constant.
  Error(Status status, const char* text) noexcept : status_(status), text_(text) {}

  /// The status it stands for; never kOk.
  Status status() const noexcept { return status_; }
  /// What failed, where and what to do next, for a person: one line that ends with NUL. Do not
  /// compare it. The status's name when there is nothing to add.
  std::string_view message() const noexcept {
    if (text_ != nullptr) return text_;
    const std::string_view text = mecha_error_message(error_);
    return text.empty() ? NameOf(status_) : text;
  }
  /// A named part (component, operation, applied, file, line, cause, index ...); empty when there
  /// is none. `name` ends with NUL.
  std::string_view Detail(const char* name) const noexcept {
    return ToText(mecha_error_detail(error_, name));
  }
  /// Whether trying again can help.
  Retryable retryable() const noexcept {
    return static_cast<Retryable>(mecha_error_retryable(error_));
  }
  /// True when the write may have happened all the same.
  bool maybe_applied() const noexcept { return answer_.maybe_applied(); }
  /// What came with the error: the items of a failed transaction, the report of a shutdown.
  const Answer& answer() const noexcept { return answer_; }

 private:
  Status status_;
  Answer answer_;
  detail::Handle<mecha_error, mecha_error_free> owned_;
  const mecha_error* error_ = nullptr;
  const char* text_ = nullptr;
};

#ifdef __cpp_exceptions
/// What Result::value throws when there is no value and exceptions are enabled.
class Exception : public std::runtime_error {
 public:
  Exception(Status status, std::string_view message)
      : std::runtime_error(std::string(message)), status_(status) {}
  /// How the operation ended.
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};
#endif

namespace detail {

/// Ends a wrong access: throws where exceptions are enabled, aborts otherwise.
[[noreturn]] inline void Fail(Status status, std::string_view message) {
#ifdef __cpp_exceptions
  throw Exception(status, message);
#else
  static_cast<void>(status);
  static_cast<void>(message);
  std::abort();
#endif
}

}  // namespace detail

/// A value, or the Error why there is none. Check ok() before the value is read: value(), * and ->
/// on an error throw mecha::Exception, or abort where exceptions are disabled.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value, Status status = Status::kOk) : state_(std::move(value)), status_(status) {}
  Result(Error error) : state_(std::move(error)), status_(std::get<1>(state_).status()) {}

  /// True when there is a value.
  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  /// How it ended. With a value: kOk, or kPartial and kNotFound where the operation says so.
  Status status() const noexcept { return status_; }
  T& value() & {
    Check();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    Check();
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    Check();
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  /// Why there is no value. Only when ok() is false.
  const Error& error() const& {
    if (ok()) detail::Fail(Status::kFailedPrecondition, "Result::error() of a success");
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    if (ok()) detail::Fail(Status::kFailedPrecondition, "Result::error() of a success");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  void Check() const {
    if (!ok()) detail::Fail(status_, error().message());
  }

  std::variant<T, Error> state_;
  Status status_;
};

/// Success, or the Error why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  /// True on success.
  bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// How it ended.
  Status status() const noexcept { return error_ ? error_->status() : Status::kOk; }
  /// Throws or aborts on an error, as Result<T>::value.
  void value() const {
    if (error_) detail::Fail(error_->status(), error_->message());
  }
  /// Why it failed. Only when ok() is false.
  const Error& error() const& {
    if (ok()) detail::Fail(Status::kFailedPrecondition, "Result::error() of a success");
    return *error_;
  }
  Error&& error() && {
    if (ok()) detail::Fail(Status::kFailedPrecondition, "Result::error() of a success");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

/// The bytes of one key, or the text of a report. Holds the answer; its views live as long.
class Value {
 public:
  explicit Value(Answer answer) noexcept : answer_(std::move(answer)), item_(answer_.item(0)) {}

  /// An absent key is a Value that was not found; a missing store is an Error.
  static Result<Value> From(Status status, Answer answer) {
    const bool is_absent = status == Status::kNotFound && answer.get() != nullptr &&
                           mecha_result_error(answer.get(), MECHA_RESULT_WHOLE) == nullptr;
    if (IsFailure(status) && !is_absent) return Error(status, std::move(answer));
    Result<Value> value(Value(std::move(answer)), status);
    value->is_found_ = !is_absent;
    return value;
  }

  /// False for an absent key; then bytes and etag are empty.
  bool found() const noexcept { return is_found_; }
  explicit operator bool() const noexcept { return is_found_; }
  /// The bytes, as a view into this object.
  std::string_view bytes() const noexcept { return is_found_ ? item_.value : std::string_view(); }
  /// The bytes, or `fallback` for an absent key.
  std::string_view bytes_or(std::string_view fallback) const noexcept {
    return is_found_ ? item_.value : fallback;
  }
  /// A copy of the bytes.
  std::string ToString() const { return std::string(bytes()); }
  /// Names this version of the value; give it back to write only if nobody else has.
  std::string_view etag() const noexcept { return is_found_ ? item_.etag : std::string_view(); }
  /// True when it was stored as JSON.
  bool is_json() const noexcept { return item_.is_json; }
  /// When it expires; none: never, or the store cannot tell.
  std::optional<std::chrono::system_clock::time_point> expires() const noexcept {
    return item_.expires;
  }
  /// The answer it reads from.
  const Answer& answer() const noexcept { return answer_; }

 private:
  Answer answer_;
  Item item_;
  bool is_found_ = true;
};

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_RESULT_HPP
