// SPDX-License-Identifier: Apache-2.0
// ShortText: text of known final size, held inline up to 112 bytes, so that building a stored key
// does not allocate. Written once; not a string class.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

namespace mecha {

class ShortText {
 public:
  ShortText() = default;
  ShortText(const ShortText&) = delete;
  ShortText& operator=(const ShortText&) = delete;

  // Both parts, one after the other.
  void Assign(std::string_view first, std::string_view second) {
    size_ = first.size() + second.size();
    if (size_ > sizeof inline_) {
      heap_.reset(new char[size_]);
    }
    Copy(data(), first);
    Copy(data() + first.size(), second);
  }
  std::string_view view() const { return {data(), size_}; }

 private:
  static void Copy(char* to, std::string_view from) {
    if (!from.empty()) {
      std::memcpy(to, from.data(), from.size());
    }
  }
  char* data() { return heap_ == nullptr ? inline_ : heap_.get(); }
  const char* data() const { return heap_ == nullptr ? inline_ : heap_.get(); }

  std::unique_ptr<char[]> heap_;
  size_t size_ = 0;
  char inline_[112];
};

}  // namespace mecha
