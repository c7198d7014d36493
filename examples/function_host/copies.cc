// SPDX-License-Identifier: Apache-2.0
#include "copies.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace function_host {

bool Copies::Make(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) return true;
    if (child > 0) children_.push_back(child);
  }
  return false;
}

int Copies::Await(const StopSignal& stop) {
  constexpr std::chrono::milliseconds kStep{50};
  bool is_told = false;
  int worst = children_.empty() ? 1 : 0;
  while (!children_.empty()) {
    if (stop.has_come() && !is_told) {
      is_told = true;
      for (const pid_t child : children_) kill(child, SIGTERM);
    }
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended > 0) {
      children_.erase(std::remove(children_.begin(), children_.end(), ended), children_.end());
      worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    } else {
      stop.Sleep(kStep);
    }
  }
  return worst;
}

}  // namespace function_host
