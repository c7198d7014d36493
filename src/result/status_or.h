// SPDX-License-Identifier: Apache-2.0
// StatusOr<T>: a value, or why there is none. Reading the value of a failure is undefined; debug
// builds check it.
#pragma once

#include <cassert>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "result/status.h"

namespace mecha {

template <class T>
class [[nodiscard]] StatusOr {
 public:
  using value_type = T;

  // UNKNOWN, for containers and variables that are filled later.
  StatusOr() : status_(StatusCode::kUnknown) {}
  // From a failure. OK without a value would be a mistake: it becomes INTERNAL.
  StatusOr(Status status) : status_(std::move(status)) {  // NOLINT: meant to convert
    if (status_.ok()) {
      status_ = Internal("an OK status without a value");
    }
  }
  // From a value, or what converts to one.
  template <class U = T>
  requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, StatusOr> &&
           !std::convertible_to<U, Status>) StatusOr(U&& value)
      : value_(std::forward<U>(value)) {}  // NOLINT: meant to convert

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  T& operator*() & { return assert(ok()), *value_; }
  const T& operator*() const& { return assert(ok()), *value_; }
  T&& operator*() && { return assert(ok()), *std::move(value_); }
  T* operator->() { return assert(ok()), &*value_; }
  const T* operator->() const { return assert(ok()), &*value_; }
  template <class U>
  T value_or(U&& other) const& {
    return ok() ? *value_ : static_cast<T>(std::forward<U>(other));
  }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace mecha

#define MECHA_CONCAT_INNER(a, b) a##b
#define MECHA_CONCAT(a, b) MECHA_CONCAT_INNER(a, b)

#define ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) {                                      \
    return std::move(temporary).status();                     \
  }                                                           \
  target = *std::move(temporary)

// `ASSIGN_OR_RETURN(T x, Function())`: x gets the value, or the status is returned.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(MECHA_CONCAT(mecha_status_or_, __LINE__), target, expression)
