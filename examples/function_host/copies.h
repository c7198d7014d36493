// SPDX-License-Identifier: Apache-2.0
// Copies: forks of a process whose runtime is at rest: what a snapshot is that is restored several
// times.
#pragma once

#include <sys/types.h>

#include <vector>

#include "stop_signal.h"

namespace function_host {

class Copies {
 public:
  // True in each of the `count` copies; false in the original, which is to Await them.
  bool Make(int count);
  // Hands stop signals on, and ends when all copies have: the worst of their exit codes.
  int Await(const StopSignal& stop);

 private:
  std::vector<pid_t> children_;
};

}  // namespace function_host
