// SPDX-License-Identifier: Apache-2.0
// What State::Update takes: the Change a function makes, and how to pause after a lost race. Not
// the loop itself, which is in state.hpp.
#ifndef MECHA_UPDATE_HPP
#define MECHA_UPDATE_HPP

#include <functional>
#include <thread>
#include <utility>

#include "types.hpp"

namespace mecha {
namespace v0 {

/// What State::Update makes of a key: a text to store, Keep or Delete. Texts convert to it, and so
/// does an optional text, of which the empty one means Keep.
class Change {
 public:
  enum class Kind { kSet, kKeep, kDelete };

  Change(std::string value) : kind_(Kind::kSet), value_(std::move(value)) {}
  Change(std::string_view value) : Change(std::string(value)) {}
  Change(const char* value) : Change(std::string(value)) {}
  Change(std::optional<std::string> value)
      : kind_(value ? Kind::kSet : Kind::kKeep), value_(value ? *std::move(value) : "") {}

  /// Leaves the key as it is, absent or present: nothing is written.
  static Change Keep() { return Change(Kind::kKeep); }
  /// Deletes the key, if it is there.
  static Change Delete() { return Change(Kind::kDelete); }

  Kind kind() const noexcept { return kind_; }
  /// What to store.
  const std::string& value() const noexcept { return value_; }

 private:
  explicit Change(Kind kind) : kind_(kind) {}

  Kind kind_;
  std::string value_;
};

/// How State::Update writes.
struct UpdateOptions {
  std::string_view content_type{};   ///< kJson, or anything else for bytes
  std::chrono::milliseconds ttl{0};  ///< 0 = the component's default; kNeverExpires; else this long
  std::chrono::nanoseconds first_pause = std::chrono::microseconds(100);  ///< after a lost race
  std::chrono::nanoseconds longest_pause = std::chrono::milliseconds(100);
};

namespace detail {

/// Growing pauses, each a random part of its ceiling, so that rivals do not meet again.
class Backoff {
 public:
  Backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds longest) noexcept
      : ceiling_(first.count() > 0 ? first : std::chrono::nanoseconds(1)), longest_(longest) {
    seed_ =
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
        (std::hash<std::thread::id>()(std::this_thread::get_id()) * 0x9E3779B97F4A7C15u);
  }
  std::chrono::nanoseconds Next() noexcept {
    seed_ += 0x9E3779B97F4A7C15u;  // splitmix64
    std::uint64_t mixed = seed_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    const auto part = static_cast<std::int64_t>((mixed ^ (mixed >> 31)) >> 1);
    const std::chrono::nanoseconds pause(part % ceiling_.count() + 1);
    ceiling_ = ceiling_ * 2 < longest_ ? ceiling_ * 2 : longest_;
    if (ceiling_.count() <= 0) ceiling_ = std::chrono::nanoseconds(1);
    return pause;
  }

 private:
  std::chrono::nanoseconds ceiling_;
  std::chrono::nanoseconds longest_;
  std::uint64_t seed_;
};

/// What is left of a timeout that began when this was made.
class TimeLeft {
 public:
  explicit TimeLeft(std::chrono::nanoseconds timeout) noexcept
      : is_bounded_(timeout.count() >= 0 && timeout < std::chrono::hours(24 * 365 * 50)),
        end_(std::chrono::steady_clock::now()) {
    if (is_bounded_) end_ += timeout.count() == 0 ? std::chrono::seconds(60) : timeout;
  }
  /// As a CallOptions timeout; at least 1 ns, so that it never reads as the default.
  std::chrono::nanoseconds timeout() const noexcept {
    if (!is_bounded_) return kNoTimeout;
    const std::chrono::nanoseconds left = end_ - std::chrono::steady_clock::now();
    return left.count() > 0 ? left : std::chrono::nanoseconds(1);
  }
  bool Covers(std::chrono::nanoseconds pause) const noexcept {
    return !is_bounded_ || std::chrono::steady_clock::now() + pause < end_;
  }

 private:
  bool is_bounded_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace detail

}  // namespace v0
}  // namespace mecha

#endif  // MECHA_UPDATE_HPP
