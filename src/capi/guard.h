// SPDX-License-Identifier: Apache-2.0
// Guard: no exception leaves the library. One of the few files that may catch.
#pragma once

#include <new>

#include "mecha/types.h"

namespace mecha::capi {

template <class Body>
mecha_status Guard(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return MECHA_NO_MEMORY;
  } catch (...) {
    return MECHA_INTERNAL;
  }
}

}  // namespace mecha::capi
