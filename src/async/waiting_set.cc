// SPDX-License-Identifier: Apache-2.0
#include "async/waiting_set.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace mecha {

WaitingSet::~WaitingSet() { CloseDescriptors(); }

WaitingSet::Stay::Stay(WaitingSet& set, Waiter& waiter, Woken woken) : set_(set), waiter_(waiter) {
  StopCause stopping = StopCause::kNone;
  {
    const std::lock_guard lock(set_.mutex_);
    set_.waiters_.push_back(&waiter_);
    stopping = set_.stopping_;
    if (woken.by_descriptor && !set_.descriptors_.empty()) {
      descriptor_ = set_.descriptors_.back();
      set_.descriptors_.pop_back();
    }
  }
  if (woken.socket >= 0) {
    waiter_.SetWakeSocket(woken.socket);
  } else if (woken.by_descriptor) {
    if (descriptor_ < 0) {
      descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }
    waiter_.SetWakeFd(descriptor_);
  }
  if (stopping != StopCause::kNone) {
    waiter_.Stop(stopping);
  }
}

WaitingSet::Stay::~Stay() {
  waiter_.SetWakeFd(-1);
  const std::lock_guard lock(set_.mutex_);
  auto& waiters = set_.waiters_;
  const auto found = std::find(waiters.rbegin(), waiters.rend(), &waiter_);
  if (found != waiters.rend()) {
    *found = waiters.back();
    waiters.pop_back();
  }
  // It may still be readable; whoever waits on it next drains and looks again.
  if (descriptor_ >= 0) {
    set_.descriptors_.push_back(descriptor_);
  }
}

void WaitingSet::Stay::Drain() const {
  uint64_t count = 0;
  [[maybe_unused]] const auto bytes = read(descriptor_, &count, sizeof count);
}

void WaitingSet::StopAll(StopCause cause) {
  const std::lock_guard lock(mutex_);
  stopping_ = cause;
  for (Waiter* waiter : waiters_) {
    waiter->Stop(cause);
  }
}

void WaitingSet::Allow() {
  const std::lock_guard lock(mutex_);
  stopping_ = StopCause::kNone;
}

void WaitingSet::NudgeAll() {
  const std::lock_guard lock(mutex_);
  for (Waiter* waiter : waiters_) {
    waiter->Nudge();
  }
}

void WaitingSet::CloseDescriptors() {
  const std::lock_guard lock(mutex_);
  for (const int descriptor : descriptors_) {
    close(descriptor);
  }
  descriptors_.clear();
}

}  // namespace mecha
