// SPDX-License-Identifier: Apache-2.0
// WaitingSet: the operations that wait right now, so that suspend and shutdown can wake them all.
// It also lends each its wake descriptor, so that a wait costs no eventfd of its own.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "call/waiter.h"

namespace mecha {

class WaitingSet {
 public:
  WaitingSet() = default;
  ~WaitingSet();
  WaitingSet(const WaitingSet&) = delete;
  WaitingSet& operator=(const WaitingSet&) = delete;

  // What else than the waiter's word wakes the one that stays: nothing, a wake descriptor on loan,
  // or the socket it receives from.
  struct Woken {
    bool by_descriptor = false;
    int socket = -1;
  };

  // Holds a waiter in the set. One stop that came before the entry is applied on entry.
  class Stay {
   public:
    Stay(WaitingSet& set, Waiter& waiter, Woken woken);
    ~Stay();
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    // -1 when the process has no descriptor left.
    int descriptor() const { return descriptor_; }
    // Takes back the wake that made it readable.
    void Drain() const;

   private:
    WaitingSet& set_;
    Waiter& waiter_;
    int descriptor_ = -1;
  };

  // Stops every waiter in the set, and each that enters until Allow.
  void StopAll(StopCause cause);
  void Allow();
  // Makes every waiter in the set look at the clock again.
  void NudgeAll();
  // Closes the wake descriptors that nobody uses.
  void CloseDescriptors();

 private:
  std::mutex mutex_;
  std::vector<Waiter*> waiters_;
  std::vector<int> descriptors_;
  StopCause stopping_ = StopCause::kNone;
};

}  // namespace mecha
