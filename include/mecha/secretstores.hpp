// SPDX-License-Identifier: Apache-2.0
// Secrets: reads secrets from a store that the resources name. Not a place to write them.
#ifndef MECHA_SECRETSTORES_HPP
#define MECHA_SECRETSTORES_HPP

#include "queue.hpp"
#include "secretstores.h"

namespace mecha {
namespace v0 {

/// One secret with its keys, or many. Views into it live as long as it does; the values are wiped
/// when it goes. Most secrets have one key, equal to their name.
class SecretItems {
 public:
  explicit SecretItems(Answer answer) noexcept : answer_(std::move(answer)) {}

  /// An absent secret is an empty SecretItems; a missing store is an Error.
  static Result<SecretItems> From(Status status, Answer answer) {
    const bool is_absent = status == Status::kNotFound && answer.get() != nullptr &&
                           mecha_result_error(answer.get(), MECHA_RESULT_WHOLE) == nullptr;
    if (is_absent) return Result<SecretItems>(SecretItems(Answer()), status);
    if (IsFailure(status)) return Error(status, std::move(answer));
    return Result<SecretItems>(SecretItems(std::move(answer)), status);
  }

  /// False when there is no such secret.
  bool found() const noexcept { return size() != 0; }
  explicit operator bool() const noexcept { return found(); }
  /// How many keys there are.
  std::size_t size() const noexcept { return answer_.size(); }
  /// One key: `group` is the secret's name.
  Item operator[](std::size_t index) const noexcept { return answer_.item(index); }
  /// The value of the first key; empty when not found. For secrets that have one.
  std::string_view value() const noexcept { return found() ? answer_.item(0).value : ""; }
  /// The value of `key` of the secret `name`; none when there is no such key.
  std::optional<std::string_view> Find(std::string_view name, std::string_view key) const noexcept {
    for (std::size_t i = 0; i < size(); ++i) {
      const Item item = answer_.item(i);
      if (item.group == name && item.key == key) return item.value;
    }
    return std::nullopt;
  }

 private:
  Answer answer_;
};

/// A cheap, copyable handle to one secret store of a runtime. Methods may be called from any
/// thread. Which secrets may be read is limited by Configuration documents.
class Secrets {
 public:
  /// As Runtime::secrets. `runtime` outlives this object and its copies.
  Secrets(const Runtime& runtime, std::string_view name) : runtime_(runtime.get()), name_(name) {}

  /// Reads one secret; blocks. One out of scope is kPermissionDenied.
  Result<SecretItems> Get(std::string_view name, const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_secret_get(runtime_, block.get(), ToView(name_), ToView(name), nullptr, &result);
    return SecretItems::From(static_cast<Status>(status), Answer(result));
  }

  /// As Get, reporting to `queue`: Take<SecretItems>() its event.
  Event GetAsync(const Queue& queue, std::uint64_t token, std::string_view name,
                 const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_secret_get(runtime_, block.get(), ToView(name_), ToView(name), nullptr, &result);
    return detail::Submitted(status, block, token, result);
  }

  /// Reads every secret this application may see; blocks. Others are left out silently.
  Result<SecretItems> List(const CallOptions& call = {}) const {
    const detail::CallBlock block(call);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_secret_list(runtime_, block.get(), ToView(name_), nullptr, &result);
    return SecretItems::From(static_cast<Status>(status), Answer(result));
  }

  /// As List, reporting to `queue`: Take<SecretItems>() its event.
  Event ListAsync(const Queue& queue, std::uint64_t token, const CallOptions& call = {}) const {
    const detail::CallBlock block(call, queue.get(), token);
    mecha_result* result = nullptr;
    const mecha_status status =
        mecha_secret_list(runtime_, block.get(), ToView(name_), nullptr, &result);
    return detail::Submitted(status, block, token, result);
  }

 private:
  mecha_runtime* runtime_;
  std::string name_;
};

inline Secrets Runtime::secrets(std::string_view name) const { return Secrets(*this, name); }

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_SECRETSTORES_HPP
