// SPDX-License-Identifier: Apache-2.0
// Done<T>: the callback every contract operation takes. It runs exactly once, possibly before the
// call returns, and never under a lock of the component's. Capture at most 16 bytes, or it
// allocates.
#pragma once

#include "absl/functional/any_invocable.h"
#include "result/status_or.h"

namespace mecha {

template <class T>
using Done = absl::AnyInvocable<void(StatusOr<T>) &&>;

// The same for what has no outcome but its status.
using Settled = absl::AnyInvocable<void(Status) &&>;

}  // namespace mecha
