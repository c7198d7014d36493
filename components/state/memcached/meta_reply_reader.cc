// SPDX-License-Identifier: Apache-2.0
#include "meta_reply_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "encoding/number.h"

namespace MECHA_COMPONENT {
namespace {

constexpr std::string_view kEnd = "\r\n";

// Calls `visit` with each word of `line` behind the first, until it returns true.
template <class Visit>
void ForEachWord(std::string_view line, Visit visit) {
  size_t space = line.find(' ');
  while (space != line.npos) {
    line.remove_prefix(space + 1);
    space = line.find(' ');
    if (visit(line.substr(0, space))) {
      return;
    }
  }
}

// The size in "VA 3 c17".
std::optional<size_t> ValueSize(std::string_view line) {
  std::optional<size_t> size;
  ForEachWord(line, [&](std::string_view word) {
    size = ParseNumber<size_t>(word);
    return true;
  });
  return size;
}

}  // namespace

std::optional<uint64_t> MetaReply::NumberOf(char flag) const {
  std::optional<uint64_t> number;
  ForEachWord(line, [&](std::string_view word) {
    const bool is_it = word.starts_with(flag);
    if (is_it) {
      number = ParseNumber<uint64_t>(word.substr(1));
    }
    return is_it;
  });
  return number;
}

MetaReplyReader::Progress MetaReplyReader::Break(std::string_view why) {
  error_ = Status(StatusCode::kDataLoss, why);
  return Progress::kBroken;
}

MetaReplyReader::Progress MetaReplyReader::Next() {
  if (!error_.ok()) {
    return Progress::kBroken;
  }
  if (!is_in_value_) {
    const Progress progress = ReadLine();
    if (progress != Progress::kReply || !is_in_value_) {
      return progress;
    }
  }
  return ReadValue();
}

// kReply when reply_.line is there; a value may follow it.
MetaReplyReader::Progress MetaReplyReader::ReadLine() {
  const std::string_view bytes = pending();
  const size_t length = bytes.substr(0, kLongestLine).find('\n');
  if (length == bytes.npos) {
    return bytes.size() >= kLongestLine ? Break("memcached sent a line without an end")
                                        : Progress::kNeedsMore;
  }
  const std::string_view line = bytes.substr(0, length);
  if (!line.ends_with('\r')) {
    return Break("memcached sent a line with a wrong end");
  }
  reply_.line = line.substr(0, length - 1);
  reply_.value = Buffer();
  reply_.has_value = reply_.code() == "VA";
  start_ += length + 1;
  if (reply_.has_value) {
    const std::optional<size_t> size = ValueSize(reply_.line);
    if (!size.has_value() || *size > largest_value_) {
      return Break("memcached announced a value of an impossible size");
    }
    value_ = Buffer::OfSize(*size + kEnd.size());
    filled_ = 0;
    is_in_value_ = true;
  }
  return Progress::kReply;
}

MetaReplyReader::Progress MetaReplyReader::ReadValue() {
  const std::string_view taken = pending().substr(0, value_.size() - filled_);
  if (!taken.empty()) {
    std::memcpy(value_.mutable_data() + filled_, taken.data(), taken.size());
    filled_ += taken.size();
    start_ += taken.size();
  }
  if (filled_ < value_.size()) {
    return Progress::kNeedsMore;
  }
  is_in_value_ = false;
  if (!value_.view().ends_with(kEnd)) {
    return Break("memcached sent a value of another size than announced");
  }
  value_.Truncate(value_.size() - kEnd.size());
  reply_.value = std::move(value_);
  return Progress::kReply;
}

std::span<char> MetaReplyReader::Room() {
  // A short rest is read with what follows it.
  is_direct_ = is_in_value_ && value_.size() - filled_ > kPendingBytes;
  if (is_direct_) {
    return {value_.mutable_data() + filled_, value_.size() - filled_};
  }
  if (pending_ == nullptr) {
    pending_.reset(new char[kPendingBytes]);
  }
  // Little is left over: less than a line, or nothing of a value.
  std::memmove(pending_.get(), pending_.get() + start_, end_ - start_);
  end_ -= start_;
  start_ = 0;
  return {pending_.get() + end_, kPendingBytes - end_};
}

void MetaReplyReader::Received(size_t count) { (is_direct_ ? filled_ : end_) += count; }

}  // namespace MECHA_COMPONENT
