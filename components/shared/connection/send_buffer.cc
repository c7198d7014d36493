// SPDX-License-Identifier: Apache-2.0
#include "connection/send_buffer.h"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace mecha::components {
namespace {

// What a connection keeps between calls; more goes back to the allocator.
constexpr size_t kKeptBytes = 64 * 1024;
constexpr size_t kLeastCapacity = 512;

}  // namespace

void SendBuffer::Clear() {
  if (capacity_ > kKeptBytes) {
    copied_.reset();
    capacity_ = 0;
  }
  size_ = 0;
  outside_.clear();
  outside_bytes_ = 0;
  starts_.clear();
}

void SendBuffer::Grow(size_t least) {
  const size_t capacity = std::max({least, capacity_ * 2, kLeastCapacity});
  std::unique_ptr<char[]> grown(new char[capacity]);
  if (size_ != 0) {
    std::memcpy(grown.get(), copied_.get(), size_);
    explicit_bzero(copied_.get(), size_);  // it may hold a password
  }
  copied_ = std::move(grown);
  capacity_ = capacity;
}

void SendBuffer::AddOutside(std::string_view bytes) {
  outside_.push_back({size_, bytes});
  outside_bytes_ += bytes.size();
}

size_t SendBuffer::EndOf(size_t index) const {
  return index + 1 < starts_.size() ? starts_[index + 1] : total_bytes();
}

size_t SendBuffer::Pieces(size_t offset, std::span<iovec> pieces) const {
  size_t filled = 0;
  size_t position = 0;  // of the next piece in the whole
  const auto add = [&](std::string_view bytes) {
    const size_t skipped = offset > position ? std::min(offset - position, bytes.size()) : 0;
    position += bytes.size();
    bytes.remove_prefix(skipped);
    if (!bytes.empty()) {
      pieces[filled++] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
  };
  const std::string_view text(copied_.get(), size_);
  size_t copied = 0;
  for (const Outside& outside : outside_) {
    if (filled + 2 > pieces.size()) {
      return filled;
    }
    add(text.substr(copied, outside.position - copied));
    add(outside.bytes);
    copied = outside.position;
  }
  if (filled < pieces.size()) {
    add(text.substr(copied));
  }
  return filled;
}

void SendBuffer::Wipe() {
  if (size_ != 0) {
    explicit_bzero(copied_.get(), size_);
  }
  Clear();
}

}  // namespace mecha::components
