// SPDX-License-Identifier: Apache-2.0
// MemoryGuard: what runs on a plug-in's call and takes memory, whose lack must not leave as an
// exception. Not for what the caller of an operation runs: that is guarded at the C interface. One
// of the few files that may catch. Any thread.
#pragma once

#include <new>
#include <stdexcept>

#include "result/status.h"

namespace mecha {

// OK, NO_MEMORY, or OUT_OF_RANGE for a length that no memory can have. Without words, for those
// would take memory.
template <class Body>
Status GuardMemory(Body body) noexcept {
  try {
    body();
    return OkStatus();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kNoMemory);
  } catch (const std::length_error&) {
    return Status(StatusCode::kOutOfRange);
  }
}

}  // namespace mecha
