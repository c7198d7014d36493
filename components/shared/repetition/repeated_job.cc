// SPDX-License-Identifier: Apache-2.0
#include "repetition/repeated_job.h"

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

namespace mecha::components {
namespace {

constexpr Duration kLongest = std::chrono::minutes(10);

}  // namespace

// Shared with the timer and the job, which may still be under way when its owner is gone.
struct RepeatedJob::Schedule {
  Host& host;
  Duration interval;
  Words words;
  Work work;
  Waiter waiter{};
  std::mutex mutex{};  // held while one runs
  bool is_stopped = false;
  uint64_t timer = 0;
};

void RepeatedJob::Start(Host& host, Duration interval, Words words, Work work) {
  if (interval <= Duration::zero() || schedule_ != nullptr) {
    return;
  }
  schedule_ = std::shared_ptr<Schedule>(new Schedule{host, interval, words, std::move(work)});
  const std::lock_guard lock(schedule_->mutex);
  Arm(schedule_);
}

void RepeatedJob::Stop() {
  if (schedule_ == nullptr) {
    return;
  }
  schedule_->waiter.Stop(StopCause::kClosed);
  {
    const std::lock_guard lock(schedule_->mutex);
    schedule_->is_stopped = true;
    schedule_->host.CancelTimer(schedule_->timer);
  }
  schedule_.reset();
}

// Under the schedule's lock.
void RepeatedJob::Arm(const std::shared_ptr<Schedule>& schedule) {
  schedule->timer = schedule->host.RunAfter(schedule->interval, [schedule] {
    const std::lock_guard lock(schedule->mutex);
    if (!schedule->is_stopped) {
      schedule->host.PostBlocking([schedule] { Run(schedule); });
    }
  });
}

void RepeatedJob::Run(const std::shared_ptr<Schedule>& schedule) {
  const std::lock_guard lock(schedule->mutex);
  if (schedule->is_stopped) {
    return;
  }
  CallContext call;
  call.waiter = &schedule->waiter;
  call.may_block = true;
  call.deadline = Deadline::After(schedule->host.clock().Now(), kLongest);
  const Status status = schedule->work(call);
  if (!status.ok() && schedule->waiter.stop_cause() == StopCause::kNone) {
    schedule->host.Log(Severity::kWarning, schedule->words.component,
                       std::string(schedule->words.failure) + ": " + std::string(status.message()));
  }
  schedule->waiter.ResetNotification();
  Arm(schedule);
}

}  // namespace mecha::components
