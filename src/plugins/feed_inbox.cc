// SPDX-License-Identifier: Apache-2.0
#include "plugins/feed_inbox.h"

#include <iterator>
#include <utility>

#include "plugins/plugin_delivery.h"
#include "plugins/plugin_task.h"

namespace mecha {
namespace {

// What one job passes on before it makes room for others on its thread.
constexpr int kMostAtOnce = 32;

}  // namespace

mecha_status FeedInbox::Deliver(std::span<const mecha_delivery> deliveries,
                                std::string_view& fault) {
  {
    const Lock lock(mutex_);
    const mecha_status checked = Check(deliveries, fault);
    if (checked != MECHA_OK || deliveries.empty()) {
      return checked;
    }
  }
  std::vector<Delivery> copies = CopyOf(deliveries, host_.clock().Now());
  const Lock lock(mutex_);
  // Once more: another thread may have delivered meanwhile, or the feed was stopped.
  const mecha_status checked = Check(deliveries, fault);
  if (checked != MECHA_OK) {
    return checked;
  }
  const uint64_t last = copies.back().number;
  const size_t count = copies.size();
  if (!entries_.empty() && !entries_.back().deliveries.empty()) {
    std::vector<Delivery>& before = entries_.back().deliveries;
    before.insert(before.end(), std::make_move_iterator(copies.begin()),
                  std::make_move_iterator(copies.end()));
  } else {
    Push({.deliveries = std::move(copies), .health = {}, .task = nullptr, .stopped = nullptr});
  }
  credit_ -= count;
  last_number_ = last;
  return MECHA_OK;
}

// Under the lock.
mecha_status FeedInbox::Check(std::span<const mecha_delivery> deliveries,
                              std::string_view& fault) const {
  if (phase_ != Phase::kOpen) {
    fault = has_stopped_ ? "delivered messages after its feed had stopped" : "";
    return MECHA_GONE;
  }
  if (deliveries.size() > credit_) {
    fault = "delivered more messages than were requested";
    return MECHA_RESOURCE_EXHAUSTED;
  }
  fault = FaultOf(deliveries, last_number_);
  return fault.empty() ? MECHA_OK : MECHA_INVALID_ARGUMENT;
}

void FeedInbox::TellHealth(Status health) {
  const Lock lock(mutex_);
  if (phase_ != Phase::kOpen || health.code() == health_) {
    return;
  }
  health_ = health.code();
  Push({.deliveries = {}, .health = std::move(health), .task = nullptr, .stopped = nullptr});
}

void FeedInbox::Report(std::shared_ptr<PluginTask> task) {
  const Lock lock(mutex_);
  Push({.deliveries = {}, .health = {}, .task = std::move(task), .stopped = nullptr});
}

// Under the lock.
void FeedInbox::Push(Entry entry) {
  if (phase_ != Phase::kClosed && !is_passing_on_) {
    Post();  // first, for it may find no memory
  }
  entries_.push_back(std::move(entry));
  if (phase_ == Phase::kClosed) {
    changed_.notify_all();
  }
}

// Under the lock.
void FeedInbox::Post() {
  if (!is_posted_) {
    host_.Post([self = shared_from_this()] { self->Drain(); });
    is_posted_ = true;
  }
}

void FeedInbox::Drain() {
  Lock lock(mutex_);
  is_posted_ = false;
  for (int i = 0; i < kMostAtOnce && !is_passing_on_ && !entries_.empty(); ++i) {
    PassOnFirst(lock);
  }
  if (!entries_.empty() && !is_passing_on_) {
    Post();
  }
}

// Lets go of the lock meanwhile.
void FeedInbox::PassOnFirst(Lock& lock) {
  is_passing_on_ = true;
  Entry entry = std::move(entries_.front());
  entries_.pop_front();
  lock.unlock();
  if (entry.task != nullptr) {
    entry.task->DeliverNow();
  } else if (entry.stopped) {
    std::move(entry.stopped)(OkStatus());
  } else if (entry.health.has_value()) {
    listener_.OnHealth(*entry.health);
  } else {
    listener_.OnDeliveries(entry.deliveries);
  }
  lock.lock();
  is_passing_on_ = false;
  if (phase_ == Phase::kClosed) {
    changed_.notify_all();
  }
}

void FeedInbox::AddCredit(size_t more) {
  const Lock lock(mutex_);
  credit_ += more;
}

void FeedInbox::BeginTask() {
  const Lock lock(mutex_);
  ++open_tasks_;
}

void FeedInbox::EndTask() {
  const Lock lock(mutex_);
  if (--open_tasks_ == 0 && phase_ == Phase::kClosed) {
    changed_.notify_all();
  }
}

void FeedInbox::BeginStop() {
  const Lock lock(mutex_);
  phase_ = Phase::kStopping;
}

void FeedInbox::EndStop(Settled stopped) {
  {
    const Lock lock(mutex_);
    has_stopped_ = true;
    if (!entries_.empty() || is_passing_on_) {
      Push({.deliveries = {}, .health = {}, .task = nullptr, .stopped = std::move(stopped)});
      return;
    }
  }
  std::move(stopped)(OkStatus());
}

void FeedInbox::BeginClose() {
  const Lock lock(mutex_);
  phase_ = Phase::kClosed;
  std::erase_if(entries_,
                [](const Entry& entry) { return entry.task == nullptr && !entry.stopped; });
}

void FeedInbox::EndClose() {
  Lock lock(mutex_);
  while (open_tasks_ > 0 || !entries_.empty() || is_passing_on_) {
    if (!entries_.empty() && !is_passing_on_) {
      PassOnFirst(lock);
    } else {
      changed_.wait(lock);
    }
  }
}

}  // namespace mecha
