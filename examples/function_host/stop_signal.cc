// SPDX-License-Identifier: Apache-2.0
#include "stop_signal.h"

#include <poll.h>

#include <algorithm>

namespace function_host {
namespace {

volatile std::sig_atomic_t has_come_flag = 0;

void OnSignal(int) { has_come_flag = 1; }

}  // namespace

StopSignal::StopSignal() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigset_t both;
  sigemptyset(&both);
  for (const int signal : {SIGTERM, SIGINT}) {
    sigaction(signal, &action, nullptr);
    sigaddset(&both, signal);
  }
  pthread_sigmask(SIG_BLOCK, &both, &unblocked_);
  sigdelset(&unblocked_, SIGTERM);
  sigdelset(&unblocked_, SIGINT);
}

bool StopSignal::Wait(int fd, short events, std::chrono::nanoseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = std::max(std::chrono::nanoseconds(0),
                               std::chrono::nanoseconds(end - std::chrono::steady_clock::now()));
    timespec step = {};
    step.tv_sec = left.count() / 1'000'000'000;
    step.tv_nsec = left.count() % 1'000'000'000;
    pollfd polled{fd, events, 0};
    const int ready = ppoll(&polled, 1, &step, &unblocked_);
    if (ready > 0) return true;
    if (ready == 0 || has_come()) return false;
  }
}

bool StopSignal::has_come() const { return has_come_flag != 0; }

}  // namespace function_host
