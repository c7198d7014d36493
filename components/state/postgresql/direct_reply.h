// SPDX-License-Identifier: Apache-2.0
// DirectReply: what a server answers to one execution of a prepared statement, read from its
// messages as they come, in pieces of any size. It owns their bytes; views of it end with it. It
// does no input or output. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace MECHA_COMPONENT {

// Of a length, in the messages of both directions.
inline constexpr size_t kLengthBytes = 4;

class DirectReply {
 public:
  enum class Progress : uint8_t { kNeedsMore, kComplete, kBroken };

  DirectReply() = default;
  // `expected_bytes`: about as long as the reply will be.
  explicit DirectReply(size_t expected_bytes);

  // Where to receive to, never empty; Received says how much came. kComplete: the server waits for
  // the next statement. kBroken: it said what does not belong here.
  std::span<char> Room();
  Progress Received(size_t count);

  bool is_empty() const { return bytes_ == nullptr; }
  size_t size() const { return end_; }
  // Whether the session can take another statement: complete, nothing behind it, no transaction.
  bool is_settled() const { return stage_ == Stage::kReady && read_ == end_ && is_idle_; }

  // The first error the server reported; its parts are empty otherwise.
  bool has_error() const { return has_error_; }
  std::string_view sqlstate() const { return At(sqlstate_); }
  std::string_view message() const { return At(message_); }

  // Of a reply that is complete and has no error.
  bool has_rows() const { return has_rows_; }
  int rows() const { return static_cast<int>(rows_.size()); }
  int columns() const { return columns_; }
  bool IsNull(int row, int column) const { return FieldOf(row, column).data() == nullptr; }
  std::string_view Text(int row, int column) const { return FieldOf(row, column); }
  // "UPDATE 1" and the like.
  std::string_view tag() const { return At(tag_); }

 private:
  enum class Stage : uint8_t { kSent, kBound, kDescribed, kOver, kReady };
  struct Part {
    size_t start = 0;
    size_t size = 0;
  };

  std::string_view At(Part part) const { return {bytes_.get() + part.start, part.size}; }
  std::string_view FieldOf(int row, int column) const;
  bool Take(char type, Part body);
  bool Advance(Stage from, Stage to);
  bool TakeColumns(Part body);
  bool TakeRow(Part body);
  bool TakeError(Part body);
  bool TakeReady(Part body);

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t end_ = 0;   // of what came
  size_t read_ = 0;  // of what was understood
  Stage stage_ = Stage::kSent;
  bool has_rows_ = false;
  bool has_error_ = false;
  bool is_idle_ = false;
  int columns_ = 0;
  std::vector<size_t> rows_;  // where the fields of each start
  Part tag_;
  Part sqlstate_;
  Part message_;
};

}  // namespace MECHA_COMPONENT
