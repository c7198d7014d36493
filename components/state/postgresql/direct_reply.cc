// SPDX-License-Identifier: Apache-2.0
#include "direct_reply.h"

#include <algorithm>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

constexpr size_t kLeastRoom = 4 * 1024;
constexpr size_t kHeader = 5;  // a letter, and a length that counts itself
// A field holds 1 GB at most, a row not much more; what else is said is short.
constexpr size_t kLongestRow = 0x7FFFFFFF;
constexpr size_t kLongestWords = 1024 * 1024;
constexpr uint32_t kNull = 0xFFFFFFFF;

uint32_t NumberAt(const char* bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

bool IsPlausible(char type, size_t length) {
  constexpr std::string_view kTypes = "2nTDCEZNSA";
  return kTypes.find(type) != kTypes.npos && length >= kLengthBytes &&
         length <= (type == 'D' ? kLongestRow : kLongestWords);
}

int CountAt(const char* bytes) {
  return static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]);
}

}  // namespace

DirectReply::DirectReply(size_t expected_bytes)
    : bytes_(new char[std::max(expected_bytes, kLeastRoom)]),
      capacity_(std::max(expected_bytes, kLeastRoom)) {}

// What a message announces is only a promise: memory grows with what came.
std::span<char> DirectReply::Room() {
  if (end_ == capacity_) {
    const size_t capacity = std::max(2 * capacity_, kLeastRoom);
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::copy_n(bytes_.get(), end_, larger.get());
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }
  return {bytes_.get() + end_, capacity_ - end_};
}

DirectReply::Progress DirectReply::Received(size_t count) {
  end_ += count;
  while (stage_ != Stage::kReady && end_ - read_ >= kHeader) {
    const char* header = bytes_.get() + read_;
    const size_t length = NumberAt(header + 1);
    if (!IsPlausible(*header, length)) {
      return Progress::kBroken;
    }
    if (end_ - read_ < length + 1) {
      break;
    }
    const Part body{read_ + kHeader, length - kLengthBytes};
    read_ += length + 1;
    if (!Take(*header, body)) {
      return Progress::kBroken;
    }
  }
  return stage_ == Stage::kReady ? Progress::kComplete : Progress::kNeedsMore;
}

// Only what belongs to one statement, in its order: so bytes out of step are never taken for rows.
bool DirectReply::Take(char type, Part body) {
  switch (type) {
    case '2':
      return Advance(Stage::kSent, Stage::kBound);
    case 'n':
      return Advance(Stage::kBound, Stage::kDescribed);
    case 'T':
      return Advance(Stage::kBound, Stage::kDescribed) && TakeColumns(body);
    case 'D':
      return stage_ == Stage::kDescribed && TakeRow(body);
    case 'C':
      tag_ = {body.start, body.size == 0 ? 0 : body.size - 1};
      return Advance(Stage::kDescribed, Stage::kOver);
    case 'E':
      return TakeError(body);
    case 'Z':
      return TakeReady(body);
    default:
      return true;  // said by the way
  }
}

bool DirectReply::Advance(Stage from, Stage to) {
  const bool is_next = stage_ == from;
  stage_ = to;
  return is_next;
}

bool DirectReply::TakeColumns(Part body) {
  has_rows_ = true;
  columns_ = body.size < 2 ? -1 : CountAt(bytes_.get() + body.start);
  return columns_ >= 0;
}

bool DirectReply::TakeRow(Part body) {
  const char* at = bytes_.get() + body.start;
  const char* const end = at + body.size;
  if (body.size < 2 || CountAt(at) != columns_) {
    return false;
  }
  at += 2;
  for (int column = 0; column < columns_; ++column) {
    if (static_cast<size_t>(end - at) < kLengthBytes) {
      return false;
    }
    const uint32_t size = NumberAt(at);
    at += kLengthBytes;
    if (size == kNull) {
      continue;
    }
    if (static_cast<size_t>(end - at) < size) {
      return false;
    }
    at += size;
  }
  rows_.push_back(body.start + 2);
  return at == end;
}

// Fields with a letter and a text that ends with NUL each; the first error tells the cause.
bool DirectReply::TakeError(Part body) {
  stage_ = Stage::kOver;
  const std::string_view all = At(body);
  for (size_t at = 0; !has_error_ && at < all.size() && all[at] != '\0';) {
    const size_t end = std::min(all.find('\0', at), all.size());
    const Part text{body.start + at + 1, end - at - 1};
    if (all[at] == 'C') {
      sqlstate_ = text;
    } else if (all[at] == 'M') {
      message_ = text;
    }
    at = end + 1;
  }
  has_error_ = true;
  return true;
}

bool DirectReply::TakeReady(Part body) {
  const bool is_next = Advance(Stage::kOver, Stage::kReady);
  is_idle_ = body.size == 1 && bytes_[body.start] == 'I';
  return is_next && body.size == 1;
}

// Without data where it is NULL. TakeRow has checked the lengths.
std::string_view DirectReply::FieldOf(int row, int column) const {
  const char* at = bytes_.get() + rows_[static_cast<size_t>(row)];
  for (;; --column) {
    const uint32_t size = NumberAt(at);
    at += kLengthBytes;
    if (column == 0) {
      return size == kNull ? std::string_view() : std::string_view(at, size);
    }
    at += size == kNull ? 0 : size;
  }
}

}  // namespace MECHA_COMPONENT
