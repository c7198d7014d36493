// SPDX-License-Identifier: Apache-2.0
// StopSignal: SIGTERM and SIGINT, which arrive only while this program waits here, so that none is
// lost between a look and a wait. One per process; Wait and Sleep are for the main thread.
#pragma once

#include <chrono>
#include <csignal>

namespace function_host {

class StopSignal {
 public:
  // Blocks both signals on this thread and on those it starts from now on.
  StopSignal();

  // Waits until `fd` is ready for `events` (false: the time is over, or a stop signal came).
  bool Wait(int fd, short events, std::chrono::nanoseconds time) const;
  // Returns early when a stop signal comes.
  void Sleep(std::chrono::nanoseconds time) const { Wait(-1, 0, time); }

  bool has_come() const;

 private:
  sigset_t unblocked_;
};

}  // namespace function_host
