// SPDX-License-Identifier: Apache-2.0
#include "expiry_cleanup.h"

#include <mutex>
#include <string>
#include <utility>

#include "postgres_lease.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

constexpr Duration kLongest = std::chrono::minutes(10);
// Timers are not exact; a clean-up that is a little early counts.
constexpr std::chrono::milliseconds kSlack(100);

Status DeleteExpired(PostgresPool& pool, const CallContext& call, Duration interval) {
  const auto least = std::chrono::duration_cast<std::chrono::milliseconds>(interval) - kSlack;
  ASSIGN_OR_RETURN(const PostgresLease lease, PostgresLease::Take(pool, call));
  ASSIGN_OR_RETURN(const QueryResult claimed,
                   lease->Run(call, Sql::kClaimCleanup, Parameters().Add(int64_t{least.count()})));
  if (claimed.changed_rows() == 0) {
    return OkStatus();  // somebody else cleaned up within the interval
  }
  return lease->Run(call, Sql::kDeleteExpired, {}).status();
}

}  // namespace

// Shared with the timer and the job, which may still be under way when the store is gone.
struct ExpiryCleanup::Schedule {
  PostgresPool& pool;
  Host& host;
  Duration interval;
  Waiter waiter{};
  std::mutex mutex{};  // held while one runs
  bool is_stopped = false;
  uint64_t timer = 0;
};

void ExpiryCleanup::Start(PostgresPool& pool, Host& host, Duration interval) {
  if (interval <= Duration::zero() || schedule_ != nullptr) {
    return;
  }
  schedule_ = std::shared_ptr<Schedule>(new Schedule{pool, host, interval});
  const std::lock_guard lock(schedule_->mutex);
  Arm(schedule_);
}

void ExpiryCleanup::Stop() {
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
void ExpiryCleanup::Arm(const std::shared_ptr<Schedule>& schedule) {
  schedule->timer = schedule->host.RunAfter(schedule->interval, [schedule] {
    const std::lock_guard lock(schedule->mutex);
    if (!schedule->is_stopped) {
      schedule->host.PostBlocking([schedule] { Run(schedule); });
    }
  });
}

void ExpiryCleanup::Run(const std::shared_ptr<Schedule>& schedule) {
  const std::lock_guard lock(schedule->mutex);
  if (schedule->is_stopped) {
    return;
  }
  CallContext call;
  call.waiter = &schedule->waiter;
  call.may_block = true;
  call.deadline = Deadline::After(schedule->host.clock().Now(), kLongest);
  const Status status = DeleteExpired(schedule->pool, call, schedule->interval);
  if (!status.ok() && schedule->waiter.stop_cause() == StopCause::kNone) {
    schedule->host.Log(Severity::kWarning, MECHA_COMPONENT_TYPE,
                       "expired rows were not deleted, the next try is in a while: " +
                           std::string(status.message()));
  }
  schedule->waiter.ResetNotification();
  Arm(schedule);
}

}  // namespace MECHA_COMPONENT
