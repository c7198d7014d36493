// SPDX-License-Identifier: Apache-2.0
// Waiter: how one operation waits and is stopped. It carries the cancel cause and one notification,
// so a thread can park on it and be woken by a result, a cancel, a deadline or a signal. One thread
// parks at a time; Notify and Cancel come from any thread. It owns no file descriptor.
#pragma once

#include <atomic>
#include <cstdint>

#include "call/clock.h"
#include "call/deadline.h"
#include "result/status.h"

namespace mecha {

enum class StopCause : uint32_t { kNone = 0, kCancelled = 1, kSuspended = 2, kClosed = 3 };

// Asked on the waiting thread whenever a signal interrupts its wait; true ends the operation.
struct Interrupt {
  int (*asked)(void* user) = nullptr;
  void* user = nullptr;
  bool WantsToStop() const { return asked != nullptr && asked(user) != 0; }
};

// Told that an operation nobody waits for on a thread of its own shall stop. Called by the thread
// that stops it: be short, and touch no waiter; hand the rest to another thread.
class StopListener {
 public:
  virtual ~StopListener() = default;
  virtual void OnStop() = 0;
};

class Waiter {
 public:
  // Wakes the parked thread, or lets the next Park return at once.
  void Notify();
  bool is_notified() const { return (word_.load(std::memory_order_acquire) & kNotified) != 0; }
  // Forgets the notification; the stop cause stays.
  void ResetNotification() { word_.fetch_and(~kNotified, std::memory_order_acq_rel); }

  // Asks the operation to stop. The first cause stays; later ones are ignored.
  void Stop(StopCause cause);
  // Sequentially consistent: whoever sets a wake descriptor first and reads the cause afterwards
  // misses no stop.
  StopCause stop_cause() const { return CauseOf(word_.load(std::memory_order_seq_cst)); }

  // Makes the waiting thread look at the clock again. For a clock that tests move.
  void Nudge();

  // Waits for Notify. OK when notified, else why not: CANCELLED, SUSPENDED, CLOSED or
  // DEADLINE_EXCEEDED. A notification wins over a stop that came at the same time.
  Status Park(const Clock& clock, Deadline deadline, const Interrupt& interrupt);

  // OK, or the status of the stop cause.
  Status Check() const;

  // While a thread waits on a descriptor, the eventfd that Stop must write to; -1 when none. When
  // it returns nobody writes to the one before, so that may be closed or given away.
  void SetWakeFd(int fd) { SetWake(fd < 0 ? kNothing : Tagged(fd, kEventFd)); }
  // As SetWakeFd, for a socket the thread receives from: Stop shuts it down, Nudge leaves it alone.
  void SetWakeSocket(int fd) { SetWake(Tagged(fd, kSocket)); }
  // As SetWakeFd, for an operation that no thread waits for: Stop calls the listener. Null: none.
  void SetStopListener(StopListener* listener) { SetWake(reinterpret_cast<intptr_t>(listener)); }

 private:
  // The word: one bit for the notification, two for the cause, the rest counts nudges.
  static constexpr uint32_t kNotified = 1;
  static constexpr uint32_t kCauseShift = 1;
  static constexpr uint32_t kCauseMask = 3;
  static constexpr uint32_t kNudge = 8;
  // What is woken: a descriptor with its kind in the two low bits, or a pointer, where they are 0.
  static constexpr intptr_t kNothing = 0;
  static constexpr intptr_t kEventFd = 1;
  static constexpr intptr_t kSocket = 2;
  static constexpr intptr_t kWaking = 3;  // somebody uses it just now

  static intptr_t Tagged(int fd, intptr_t kind) { return static_cast<intptr_t>(fd) * 4 + kind; }

  static StopCause CauseOf(uint32_t word) {
    return static_cast<StopCause>((word >> kCauseShift) & kCauseMask);
  }
  void SetWake(intptr_t wake);
  void Wake(bool is_stop);

  std::atomic<uint32_t> word_{0};
  std::atomic<intptr_t> wake_{kNothing};
};

// The status an operation ends with when `cause` stopped it.
Status StatusOf(StopCause cause);

}  // namespace mecha
