// SPDX-License-Identifier: Apache-2.0
#include "feed_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "feed_writes.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;

// One catch takes at most so many: other writers wait for it.
constexpr size_t kMostPerCatch = 256;

// After the n-th failure in a row.
constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);

// Later than this the look once a second does.
constexpr int64_t kHorizon = 1000;

Duration PauseAfter(int failures) {
  return std::min(kLongestPause, kFirstPause * (1 << std::min(failures - 1, 10)));
}

}  // namespace

void FeedState::Request(size_t more) {
  Lock lock(mutex_);
  credit_ += more;
  if (!is_taking_) {
    StartTaking(std::move(lock));
  }
}

void FeedState::Wake() {
  Lock lock(mutex_);
  if (is_taking_) {
    looks_again_ = true;
  } else {
    StartTaking(std::move(lock));
  }
}

void FeedState::StartTaking(Lock lock) {
  if (is_stopping_ || is_pausing_ || credit_ == 0) {
    return;
  }
  is_taking_ = true;
  looks_again_ = false;
  const size_t most = std::min(credit_, kMostPerCatch);
  ++under_way_;
  lock.unlock();
  DeferTake(shared_from_this(), most);
}

void FeedState::OnTaken(const Status& status, Catch result) {
  TellHealth(status);
  Lock lock(mutex_);
  if (is_stopping_) {
    std::vector<Held> untaken;
    for (const Taken& each : result.taken) {
      untaken.push_back(each.held);
    }
    under_way_ += untaken.empty() ? 0 : 1;
    lock.unlock();
    if (untaken.empty()) {
      OnUntaken();
    } else {
      DeferUntake(shared_from_this(), std::move(untaken));
    }
    return;
  }
  if (!status.ok()) {
    Pause(std::move(lock));
    return;
  }
  failures_ = 0;
  lock.unlock();
  const bool has_more = result.has_more;
  Deliver(std::move(result.taken));
  TakeOrSleep(Lock(mutex_), has_more, result.next_due);
}

void FeedState::Deliver(std::vector<Taken> taken) {
  if (taken.empty()) {
    return;
  }
  std::vector<Delivery> deliveries;
  deliveries.reserve(taken.size());
  {
    const std::lock_guard lock(mutex_);
    credit_ -= std::min(credit_, taken.size());
    for (Taken& each : taken) {
      each.delivery.number = ++last_number_;
      held_.emplace(last_number_, each.held);
      deliveries.push_back(std::move(each.delivery));
    }
  }
  listener_.OnDeliveries(deliveries);
}

// What follows a catch.
void FeedState::TakeOrSleep(Lock lock, bool has_more, std::optional<int64_t> next_due) {
  is_taking_ = false;
  if (is_stopping_) {
    Settled stopped = std::exchange(stopped_, nullptr);
    lock.unlock();
    if (stopped) {
      std::move(stopped)(OkStatus());
    }
    return;
  }
  if (has_more || looks_again_) {
    StartTaking(std::move(lock));
    return;
  }
  if (next_due.has_value()) {
    const int64_t left = *next_due - MillisecondsOf(file_.host().clock().WallNow());
    if (left < kHorizon) {
      WakeAfter(milliseconds(std::max<int64_t>(left, 0) + 1));
    }
  }
}

void FeedState::Pause(Lock /*lock*/) {
  is_taking_ = false;
  is_pausing_ = true;
  WakeAfter(PauseAfter(++failures_));
}

// Under the lock.
void FeedState::WakeAfter(Duration delay) {
  file_.host().CancelTimer(timer_);
  timer_ = file_.host().RunAfter(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self != nullptr) {
      self->OnTimer();
    }
  });
}

void FeedState::OnTimer() {
  {
    const std::lock_guard lock(mutex_);
    is_pausing_ = false;
  }
  Wake();
}

void FeedState::TellHealth(const Status& health) {
  {
    const std::lock_guard lock(mutex_);
    if (health.code() == health_.code() || is_stopping_) {
      return;
    }
    health_ = health;
  }
  listener_.OnHealth(health);
}

void FeedState::Settle(const Settlement& settlement, Settled done) {
  Lock lock(mutex_);
  const auto found = held_.find(settlement.number);
  if (found == held_.end()) {
    lock.unlock();
    std::move(done)(NotFound());
    return;
  }
  settling_.push_back({settlement, found->second, std::move(done)});
  const bool needs_write = !std::exchange(has_settle_write_, true);
  under_way_ += needs_write ? 1 : 0;
  lock.unlock();
  if (needs_write) {
    DeferSettle(shared_from_this());
  }
}

std::vector<Settling> FeedState::TakeSettling() {
  const std::lock_guard lock(mutex_);
  has_settle_write_ = false;
  return std::exchange(settling_, {});
}

void FeedState::OnSettled(std::span<Settling> settled) {
  {
    const std::lock_guard lock(mutex_);
    for (const Settling& each : settled) {
      if (each.outcome.ok() || IsNotFound(each.outcome)) {
        held_.erase(each.settlement.number);
      }
    }
  }
  for (Settling& each : settled) {
    std::move(each.done)(each.outcome);
  }
}

void FeedState::Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) {
  std::vector<Renewal> renewals;
  std::vector<uint64_t> known;
  {
    const std::lock_guard lock(mutex_);
    for (const uint64_t number : numbers) {
      const auto found = held_.find(number);
      if (found == held_.end()) {
        known.push_back(number);
      } else {
        renewals.push_back({number, found->second});
      }
    }
    under_way_ += renewals.empty() ? 0 : 1;
  }
  if (renewals.empty()) {
    std::move(lost)(std::move(known));
    return;
  }
  DeferRenew(shared_from_this(), std::move(renewals), std::move(known), std::move(lost));
}

void FeedState::OnLost(std::span<const uint64_t> numbers) {
  const std::lock_guard lock(mutex_);
  for (const uint64_t number : numbers) {
    held_.erase(number);
  }
}

void FeedState::Stop(Settled stopped) {
  Lock lock(mutex_);
  is_stopping_ = true;
  file_.host().CancelTimer(timer_);
  if (is_taking_) {
    stopped_ = std::move(stopped);
    return;
  }
  lock.unlock();
  std::move(stopped)(OkStatus());
}

void FeedState::OnUntaken() { TakeOrSleep(Lock(mutex_), false, std::nullopt); }

void FeedState::End() {
  Lock lock(mutex_);
  is_stopping_ = true;
  file_.host().CancelTimer(timer_);
  has_left_.wait(lock, [this] { return under_way_ == 0; });
}

void FeedState::Leave() {
  const std::lock_guard lock(mutex_);
  if (--under_way_ == 0) {
    has_left_.notify_all();
  }
}

GroupIds FeedState::ids() const {
  const std::lock_guard lock(mutex_);
  return ids_;
}

void FeedState::SetIds(const GroupIds& ids) {
  const std::lock_guard lock(mutex_);
  ids_ = ids;
}

}  // namespace MECHA_COMPONENT
