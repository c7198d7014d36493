// SPDX-License-Identifier: Apache-2.0
// CallContext: what a component knows of the call it serves. Valid until `done` has run.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "call/deadline.h"
#include "call/waiter.h"

namespace mecha {

// Per-call metadata, in the caller's order; keys are lower-case.
using Metadata = std::span<const std::pair<std::string_view, std::string_view>>;

struct CallContext {
  Deadline deadline = Deadline::Never();
  // Never null. Stop causes arrive here; a component that waits does so through Host.
  Waiter* waiter = nullptr;
  Interrupt interrupt;
  // True: this thread is parked for the result, so wait (in Host::Wait or Host::Park only) and
  // complete inline. False: do not block; hand work to Host::PostBlocking, or complete inline with
  // WouldBlock() to be called again, from the beginning, on a thread that may block.
  bool may_block = false;
  Metadata metadata;
  std::string_view traceparent;
};

}  // namespace mecha
