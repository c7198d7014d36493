// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_task.h"

#include <sched.h>

#include "plugins/memory_guard.h"
#include "plugins/sized_table.h"

namespace mecha {

PluginTask::PluginTask(std::shared_ptr<PluginHost> host, const CallContext& call, TaskKind kind)
    : host_(std::move(host)),
      waiter_(call.waiter),
      deadline_(call.deadline),
      kind_(kind),
      parks_(call.may_block) {}

// False when its time was over before it began: then it has been delivered.
bool PluginTask::Begin(const CallContext& call) {
  Status refused = waiter_->Check();
  if (refused.ok() && deadline_.HasPassed(host_->host().clock().Now())) {
    refused = DeadlineExceeded("the deadline passed before the plug-in was called");
  }
  if (!refused.ok()) {
    Fail(std::move(refused));
    Deliver();
    return false;
  }
  if (call.may_block) {
    waiter_->ResetNotification();
  }
  number_ = host_->Open(shared_from_this());
  return true;
}

void PluginTask::Park(const CallContext& call) {
  Step issuing = Step::kIssuing;
  if (state_.compare_exchange_strong(issuing, Step::kLeft)) {
    const Status waited = host_->host().Park(call);
    // Else the outcome is being copied by another thread, which notifies at its end.
    if (!waited.ok() && !EndEarly(waited)) {
      while (!waiter_->is_notified()) {
        sched_yield();
      }
    }
  }
  Deliver();
}

void PluginTask::Leave(const CallContext& call) {
  if (state_.load() == Step::kAnswered) {
    Deliver();
    return;
  }
  Host& host = host_->host();
  if (!deadline_.is_never()) {
    timer_ = host.RunAfter(deadline_.Remaining(host.clock().Now()), [self = shared_from_this()] {
      self->End(DeadlineExceeded("the deadline passed before the plug-in answered"));
    });
  }
  waiter_->SetStopListener(this);
  if (call.waiter->stop_cause() != StopCause::kNone && EndEarly(waiter_->Check())) {
    Settle();  // it came before the listener was there
  }
  Step issuing = Step::kIssuing;
  if (!state_.compare_exchange_strong(issuing, Step::kLeft)) {
    Finish();
  }
}

// On the thread that stops it: the rest is done on another one.
void PluginTask::OnStop() {
  host_->host().Post([self = shared_from_this()] { self->End(Status()); });
}

void PluginTask::End(const Status& status) {
  if (EndEarly(status)) {
    Settle();
  }
}

// Takes the task back from the plug-in. OK: because of the waiter's stop cause, which may be read
// only when nobody else delivers.
bool PluginTask::EndEarly(const Status& status) {
  if (!host_->Abandon(number_, StatusNumber(status.code()))) {
    return false;
  }
  Fail(Unsure(status.ok() ? waiter_->Check() : status));
  return true;
}

// A failure with which nobody can tell whether a write was applied.
Status PluginTask::Unsure(Status status) const {
  return MarkApplied(std::move(status), kind_ == TaskKind::kWrite ? Applied::kMaybe : Applied::kNo);
}

void PluginTask::OnOutcome(const mecha_outcome* outcome) {
  const Status taken = GuardMemory([&] {
    if (outcome == nullptr) {
      Fail(Unsure(WrongPlugin("it completes a task without an outcome")));
    } else {
      Take(ReadTable(outcome));
    }
  });
  if (!taken.ok()) {
    Fail(Unsure(IsOutOfRange(taken) ? WrongPlugin("a length in an outcome is more than memory has")
                                    : taken));
  }
  Settle();
}

// The answer is there. Goes on here, unless the thread that issued it is still at it.
void PluginTask::Settle() {
  if (state_.exchange(Step::kAnswered) != Step::kLeft) {
    return;
  }
  if (parks_) {
    waiter_->Notify();
  } else {
    Finish();
  }
}

void PluginTask::Finish() {
  if (timer_ != 0) {
    host_->host().CancelTimer(timer_);
  }
  waiter_->SetStopListener(nullptr);
  Report();
}

mecha_status PluginTask::State() const {
  const Status stopped = waiter_->Check();
  if (!stopped.ok()) {
    return StatusNumber(stopped.code());
  }
  return deadline_.HasPassed(host_->host().clock().Now()) ? mecha_status{MECHA_DEADLINE_EXCEEDED}
                                                          : mecha_status{MECHA_OK};
}

Duration PluginTask::Remaining() const {
  return waiter_->stop_cause() != StopCause::kNone
             ? Duration::zero()
             : deadline_.Remaining(host_->host().clock().Now());
}

}  // namespace mecha
