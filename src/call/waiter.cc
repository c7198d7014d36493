// SPDX-License-Identifier: Apache-2.0
#include "call/waiter.h"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "call/futex.h"
#include "result/status.h"

namespace mecha {

Status StatusOf(StopCause cause) {
  switch (cause) {
    case StopCause::kNone:
      return OkStatus();
    case StopCause::kCancelled:
      return Cancelled("cancelled by the caller");
    case StopCause::kSuspended:
      return Status(StatusCode::kSuspended, "the runtime is suspended; resume it and try again");
    case StopCause::kClosed:
      return Status(StatusCode::kClosed, "the runtime is shut down");
  }
  return Internal("unknown stop cause");
}

void Waiter::Notify() {
  word_.fetch_or(kNotified, std::memory_order_acq_rel);
  FutexWakeAll(word_);
}

void Waiter::Stop(StopCause cause) {
  uint32_t seen = word_.load(std::memory_order_acquire);
  do {
    if (CauseOf(seen) != StopCause::kNone) {
      return;
    }
  } while (!word_.compare_exchange_weak(seen, seen | (static_cast<uint32_t>(cause) << kCauseShift),
                                        std::memory_order_seq_cst));
  FutexWakeAll(word_);
  Wake(true);
}

void Waiter::Nudge() {
  word_.fetch_add(kNudge, std::memory_order_seq_cst);
  FutexWakeAll(word_);
  Wake(false);
}

// The descriptor is claimed while it is used: else it could be closed in between, and the number
// belong to a file of the host's.
void Waiter::Wake(bool is_stop) {
  intptr_t wake = wake_.load(std::memory_order_seq_cst);
  while (wake == kWaking || (wake != kNothing && !wake_.compare_exchange_weak(wake, kWaking))) {
    if (wake == kWaking) {
      sched_yield();
      wake = wake_.load(std::memory_order_seq_cst);
    }
  }
  if (wake == kNothing) {
    return;
  }
  const intptr_t kind = wake & 3;
  const int fd = static_cast<int>(wake >> 2);
  if (kind == kEventFd) {
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
  } else if (is_stop && kind == kSocket) {
    shutdown(fd, SHUT_RDWR);
  } else if (is_stop) {
    reinterpret_cast<StopListener*>(wake)->OnStop();
  }
  wake_.store(wake, std::memory_order_seq_cst);
}

void Waiter::SetWake(intptr_t wake) {
  intptr_t seen = wake_.load(std::memory_order_seq_cst);
  while (seen == kWaking || !wake_.compare_exchange_weak(seen, wake)) {
    if (seen == kWaking) {
      sched_yield();
      seen = wake_.load(std::memory_order_seq_cst);
    }
  }
}

Status Waiter::Check() const { return StatusOf(stop_cause()); }

Status Waiter::Park(const Clock& clock, Deadline deadline, const Interrupt& interrupt) {
  for (;;) {
    const uint32_t seen = word_.load(std::memory_order_acquire);
    if ((seen & kNotified) != 0) {
      return OkStatus();
    }
    if (CauseOf(seen) != StopCause::kNone) {
      return Check();
    }
    const Duration left = deadline.Remaining(clock.Now());
    if (left == Duration::zero()) {
      return DeadlineExceeded("the deadline passed while waiting");
    }
    if (FutexWait(word_, seen, left) == EINTR && interrupt.WantsToStop()) {
      Stop(StopCause::kCancelled);
    }
  }
}

}  // namespace mecha
