// SPDX-License-Identifier: Apache-2.0
// From the C interface's types to ours and back: views, statuses, and size-prefixed structs of any
// version.
#pragma once

#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "mecha/types.h"
#include "operation/input.h"
#include "result/status.h"

namespace mecha::capi {

// The one mapping of statuses: canonical and local codes are the numbers negated.
inline mecha_status ToStatus(const Status& status) { return -static_cast<int>(status.code()); }

inline std::string_view ToText(mecha_view view) {
  return {static_cast<const char*>(view.data), view.size};
}
inline mecha_view ToView(std::string_view text) { return {text.data(), text.size()}; }
inline Input ToInput(const mecha_buf& buf) {
  return {{static_cast<const char*>(buf.data), buf.size}, buf.release, buf.ctx};
}
// NULL with a size is a mistake of the caller's.
inline bool IsWellFormed(const void* data, size_t size) { return data != nullptr || size == 0; }
inline bool IsWellFormed(mecha_view view) { return IsWellFormed(view.data, view.size); }

std::vector<std::pair<std::string_view, std::string_view>> ToPairs(const mecha_kv* pairs,
                                                                   size_t count);

// Copies `size` bytes of a struct of `from_size` into one of ours. VERSION when what we do not know
// is not zero, INVALID_ARGUMENT when struct_size is not set.
Status CopyStruct(const void* from, void* to, size_t size);

// Reads a struct that starts with struct_size, of an older or newer version. NULL gives zeros.
template <class T>
Status ReadStruct(const T* from, T* to) {
  if (from != nullptr && from->struct_size == sizeof(T)) {
    *to = *from;  // it was built with these headers
    return OkStatus();
  }
  std::memset(static_cast<void*>(to), 0, sizeof(T));
  if (from == nullptr) {
    return OkStatus();
  }
  // Every version's size is a multiple of this; any other size could end inside a pointer.
  if (from->struct_size % alignof(T) != 0) {
    return InvalidArgument("struct_size is not that of any known version");
  }
  return CopyStruct(from, to, sizeof(T));
}

// Writes as much of `from` as the caller's struct holds; its struct_size stays.
mecha_status WriteStruct(const void* from, size_t size, void* to);

}  // namespace mecha::capi
