// SPDX-License-Identifier: Apache-2.0
// MetaReplyReader: turns received bytes into memcached's replies, in pieces of any size. A long
// value is received straight into the buffer that goes to the caller; a broken or hostile server is
// stopped before memory is taken for what it announces. It does no input or output. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "result/buffer.h"
#include "result/status.h"

namespace MECHA_COMPONENT {

// A line, and a value when the line began with VA.
struct MetaReply {
  std::string line;  // without its end
  Buffer value;
  bool has_value = false;

  // The line's first word: HD, EN, NS, EX, NF, VA, MN, STAT, END, SERVER_ERROR and so on.
  std::string_view code() const { return std::string_view(line).substr(0, line.find(' ')); }
  // The number that stands with `flag`, as in "VA 3 c17".
  std::optional<uint64_t> NumberOf(char flag) const;
};

class MetaReplyReader {
 public:
  enum class Progress : uint8_t { kReply, kNeedsMore, kBroken };

  static constexpr size_t kLongestLine = 2048;
  // The largest value of a state store and some room.
  static constexpr size_t kLargestValue = (64 + 1) * 1024 * 1024;

  explicit MetaReplyReader(size_t largest_value = kLargestValue) : largest_value_(largest_value) {}

  // kReply: reply() is the next one. kBroken: error() says why, and the connection is of no use.
  Progress Next();
  MetaReply& reply() { return reply_; }
  const Status& error() const { return error_; }

  // After kNeedsMore: where the next bytes belong, never empty; Received says how many came.
  std::span<char> Room();
  void Received(size_t count);

  // True when bytes beyond the last reply have arrived: nobody asked for them.
  bool has_more() const { return start_ != end_ || is_in_value_; }

 private:
  static constexpr size_t kPendingBytes = 16 * 1024;

  std::string_view pending() const { return {pending_.get() + start_, end_ - start_}; }
  Progress ReadLine();
  Progress ReadValue();
  Progress Break(std::string_view why);

  const size_t largest_value_;
  std::unique_ptr<char[]> pending_;  // received and not yet understood: start_ to end_
  size_t start_ = 0;
  size_t end_ = 0;
  Buffer value_;  // being filled, with the end of its line
  size_t filled_ = 0;
  bool is_in_value_ = false;
  bool is_direct_ = false;  // Room gave out a part of value_
  MetaReply reply_;
  Status error_;
};

}  // namespace MECHA_COMPONENT
