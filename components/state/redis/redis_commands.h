// SPDX-License-Identifier: Apache-2.0
// RedisCommands: one or more commands as RESP, ready to be sent together. Short arguments are
// copied into one reused text; long ones stay where they are and are sent from there, so they must
// outlive the sending. Not a client: it knows no command by name. One thread at a time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace MECHA_COMPONENT {

class RedisCommands {
 public:
  // Longer arguments are sent from the caller's memory.
  static constexpr size_t kLongestCopied = 8 * 1024;

  void Clear();
  // Starts a command of `count` arguments (its name is the first); `count` calls of Add follow.
  void Begin(size_t count);
  void Add(std::string_view argument);
  void Add(int64_t number);
  // A whole command of arguments that may be copied or must outlive the sending, as Add.
  void AddCommand(std::initializer_list<std::string_view> arguments);

  size_t count() const { return starts_.size(); }
  bool empty() const { return starts_.empty(); }
  size_t total_bytes() const { return size_ + outside_bytes_; }
  // How many bytes of the whole must be sent before command `index` is complete.
  size_t EndOf(size_t index) const;

  // Fills `pieces` with what follows the first `offset` bytes, as far as they go round; returns how
  // many were filled.
  size_t Pieces(size_t offset, std::span<iovec> pieces) const;

  // Overwrites and drops everything: after a command that held a password.
  void Wipe();

 private:
  // Bytes of the caller's that belong at `position` of copied_.
  struct Outside {
    size_t position;
    std::string_view bytes;
  };

  // Room for `count` more bytes behind the copied ones; size_ grows when they are written.
  char* Extend(size_t count) {
    if (size_ + count > capacity_) [[unlikely]] {
      Grow(size_ + count);
    }
    return copied_.get() + size_;
  }
  void Grow(size_t least);
  void AddLength(char mark, size_t length);

  // By hand, because std::string fills what it grows by and counts every append.
  std::unique_ptr<char[]> copied_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<Outside> outside_;
  size_t outside_bytes_ = 0;
  std::vector<size_t> starts_;
};

}  // namespace MECHA_COMPONENT
