// SPDX-License-Identifier: Apache-2.0
// Reply: what Redis answered, as a small tree. The payload of a value is one Buffer, filled
// straight from what was received. Values of a reply are taken out, not copied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result/buffer.h"

namespace mecha::components {

struct Reply {
  enum class Type : uint8_t { kNil, kStatus, kError, kText, kInteger, kArray };

  // Shorter texts stand in `line`, without an allocation; longer ones and statuses do not.
  static constexpr size_t kLongestLine = 15;

  Type type = Type::kNil;
  int64_t integer = 0;
  std::string line;
  Buffer bulk;
  std::vector<Reply> items;

  bool is_nil() const { return type == Type::kNil; }
  bool is_error() const { return type == Type::kError; }
  bool is_text() const { return type == Type::kText; }
  bool is_array() const { return type == Type::kArray; }
  std::string_view text() const { return bulk.is_null() ? std::string_view(line) : bulk.view(); }

  // The bytes of a text; the reply no longer has them.
  Buffer TakeText() {
    return bulk.is_null() ? Buffer::CopyOf(line) : std::exchange(bulk, Buffer());
  }

  // Back to nil, keeping the memory of a short `items` for the next reply.
  void Reset();
};

inline void Reply::Reset() {
  type = Type::kNil;
  integer = 0;
  line.clear();
  bulk = Buffer();
  constexpr size_t kKeptItems = 256;
  if (items.capacity() > kKeptItems) {
    items = {};
  }
  items.clear();
}

}  // namespace mecha::components
