// SPDX-License-Identifier: Apache-2.0
// Etag: an opaque version of a stored value, at most 64 bytes, held inline so that it never
// allocates. An empty one means "none".
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mecha {

class Etag {
 public:
  static constexpr size_t kMaxBytes = 64;

  Etag() = default;
  // `text` must not be longer than kMaxBytes; the rest is cut.
  explicit Etag(std::string_view text)
      : size_(static_cast<uint8_t>(text.size() < kMaxBytes ? text.size() : kMaxBytes)) {
    if (size_ != 0) {
      std::memcpy(bytes_.data(), text.data(), size_);
    }
  }

  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxBytes> bytes_;
  uint8_t size_ = 0;
};

}  // namespace mecha
