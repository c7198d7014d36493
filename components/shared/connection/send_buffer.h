// SPDX-License-Identifier: Apache-2.0
// SendBuffer: one or more requests, ready to be sent together. Short texts are copied into one
// reused text; long ones stay where they are and are sent from there, so they must outlive the
// sending. It knows no protocol; a subclass writes one. One thread at a time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace mecha::components {

class SendBuffer {
 public:
  // Longer texts are sent from the caller's memory.
  static constexpr size_t kLongestCopied = 8 * 1024;

  void Clear();

  size_t count() const { return starts_.size(); }
  bool empty() const { return starts_.empty(); }
  size_t total_bytes() const { return size_ + outside_bytes_; }
  // How many bytes of the whole must be sent before request `index` is complete.
  size_t EndOf(size_t index) const;

  // Fills `pieces` with what follows the first `offset` bytes, as far as they go round; returns how
  // many were filled.
  size_t Pieces(size_t offset, std::span<iovec> pieces) const;

  // Overwrites and drops everything: after a request that held a password.
  void Wipe();

 protected:
  void StartRequest() { starts_.push_back(total_bytes()); }
  // Room for `count` more bytes behind the copied ones. Written says where they really ended.
  char* Extend(size_t count) {
    if (size_ + count > capacity_) [[unlikely]] {
      Grow(size_ + count);
    }
    return copied_.get() + size_;
  }
  void Written(const char* end) { size_ = static_cast<size_t>(end - copied_.get()); }
  // `bytes` stay the caller's.
  void AddOutside(std::string_view bytes);

 private:
  // Bytes of the caller's that belong at `position` of copied_.
  struct Outside {
    size_t position;
    std::string_view bytes;
  };

  void Grow(size_t least);

  // By hand, because std::string fills what it grows by and counts every append.
  std::unique_ptr<char[]> copied_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<Outside> outside_;
  size_t outside_bytes_ = 0;
  std::vector<size_t> starts_;
};

}  // namespace mecha::components
