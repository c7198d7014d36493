// SPDX-License-Identifier: Apache-2.0
// Executor: somebody else's thread that runs jobs when it comes to them.
#pragma once

#include "contract/host.h"

namespace mecha {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `job` once, on a thread of its own; or on any of the runtime's, when it takes no more.
  // Any thread; never inside the call. The job is short and does not block.
  virtual void Post(Job job) = 0;
};

}  // namespace mecha
