// SPDX-License-Identifier: Apache-2.0
// Runtime's changes of life: start, suspend, resume, shutdown. docs/ARCHITECTURE.md has the table
// of what each does to calls, handlers, threads and data.
#include <algorithm>

#include "result/status.h"
#include "runtime/component_starter.h"
#include "runtime/runtime.h"

namespace mecha {
namespace {

// How long an operation that was asked to stop may take to notice: one disk operation, in effect.
constexpr Duration kGrace = std::chrono::seconds(2);

}  // namespace

std::string DrainReport::ToJson() const {
  return "{\"finished\":" + std::to_string(finished) + ",\"stopped\":" + std::to_string(stopped) +
         ",\"returned\":0,\"abandoned\":" + std::to_string(abandoned) + ",\"registrations\":[]}";
}

absl::Status Runtime::Start() {
  const std::lock_guard lock(life_mutex_);
  switch (phase()) {
    case Gate::Phase::kRunning:
      return absl::OkStatus();
    case Gate::Phase::kClosed:
      return StatusOf(StopCause::kClosed);
    case Gate::Phase::kSuspended:
      return StatusOf(StopCause::kSuspended);
    case Gate::Phase::kOpened:
      break;
  }
  const absl::Status started = starter_->StartAll();
  host_->pool().Finish();  // the threads that connected have done their work
  if (!started.ok()) {
    starter_->StopRetries();
    CloseComponents();
    return started;
  }
  gate_.SetPhase(Gate::Phase::kRunning);
  return absl::OkStatus();
}

void Runtime::CloseComponents() {
  // The secret stores came first, so they go last.
  for (const bool secret_stores : {false, true}) {
    for (const auto& slot : components_.slots()) {
      if (slot->is_secret_store() != secret_stores || slot->component() == nullptr) {
        continue;
      }
      slot->service->SetHealth(Health::kClosed, absl::OkStatus());
      slot->component()->Close();
      slot->state.reset();
      slot->secrets.reset();
      slot->state_store.reset();
      slot->secret_store.reset();
    }
  }
}

void Runtime::StopAllOperations(StopCause cause) {
  host_->waiting().StopAll(cause);
  operations_->StopAll(cause);
}

// The gate must be shut already. Waits, then asks what is left to stop, then gives up.
DrainReport Runtime::Drain(Duration deadline, StopCause cause) {
  DrainReport report;
  const Clock& clock = host_->clock();
  const uint32_t before = gate_.inside();
  gate_.WaitUntilEmpty(clock, Deadline::After(clock.Now(), deadline));
  const uint32_t late = std::min(gate_.inside(), before);
  report.finished = before - late;
  if (late > 0) {
    StopAllOperations(cause);
    gate_.WaitUntilEmpty(clock, Deadline::After(clock.Now(), kGrace));
    report.abandoned = gate_.inside();
    report.stopped = late - std::min(late, report.abandoned);
  }
  return report;
}

absl::Status Runtime::Suspend(Duration deadline, bool keep_connections, DrainReport* report) {
  const std::lock_guard lock(life_mutex_);
  switch (phase()) {
    case Gate::Phase::kRunning:
      break;
    case Gate::Phase::kSuspended:
      return absl::OkStatus();
    case Gate::Phase::kClosed:
      return StatusOf(StopCause::kClosed);
    case Gate::Phase::kOpened:
      return FailedPrecondition("the runtime is not started; there is nothing to suspend");
  }
  gate_.SetPhase(Gate::Phase::kSuspended);
  const DrainReport drained = Drain(deadline, StopCause::kSuspended);
  if (report != nullptr) {
    *report = drained;
  }
  host_->waiting().Allow();
  if (drained.abandoned > 0) {
    gate_.SetPhase(Gate::Phase::kRunning);
    return DeadlineExceeded("operations did not end in time; the runtime runs on");
  }
  starter_->StopRetries();
  SuspendComponents(keep_connections);
  for (const auto& queue : LiveQueues()) {
    queue->AwaitEmpty(kGrace);
  }
  host_->loop().Stop();
  host_->pool().Finish();
  if (!keep_connections) {
    host_->waiting().CloseDescriptors();
  }
  return absl::OkStatus();
}

void Runtime::SuspendComponents(bool keep_connections) {
  for (const auto& slot : components_.slots()) {
    if (slot->service->health() == Health::kReady) {
      slot->component()->Suspend(keep_connections);
    }
  }
}

absl::Status Runtime::Resume() {
  const std::lock_guard lock(life_mutex_);
  if (phase() == Gate::Phase::kClosed) {
    return StatusOf(StopCause::kClosed);
  }
  if (phase() != Gate::Phase::kSuspended) {
    return FailedPrecondition("the runtime is not suspended; there is nothing to resume");
  }
  RenewInstanceId();
  const absl::Status resumed = ResumeComponents();
  if (!resumed.ok()) {
    SuspendComponents(false);
    return resumed;
  }
  host_->loop().Resume();
  starter_->ResumeRetries();
  gate_.SetPhase(Gate::Phase::kRunning);
  return absl::OkStatus();
}

absl::Status Runtime::ResumeComponents() {
  for (const auto& slot : components_.slots()) {
    if (slot->service->health() != Health::kReady) {
      continue;
    }
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = true;
    call.deadline = Deadline::After(host_->clock().Now(), slot->document.init_timeout);
    const absl::Status resumed = slot->component()->Resume(call);
    if (!resumed.ok()) {
      return WithPrefix(resumed, "component \"" + slot->document.name + "\" did not resume");
    }
  }
  return absl::OkStatus();
}

absl::Status Runtime::Shutdown(Duration deadline, DrainReport* report) {
  const std::lock_guard lock(life_mutex_);
  if (phase() == Gate::Phase::kClosed) {
    return StatusOf(StopCause::kClosed);
  }
  gate_.SetPhase(Gate::Phase::kClosed);
  DrainReport drained = Drain(std::max(deadline, Duration::zero()), StopCause::kClosed);
  starter_->StopRetries();
  EndQueues(kGrace, &drained);
  if (report != nullptr) {
    *report = drained;
  }
  if (drained.abandoned > 0) {
    // Their memory, threads and components stay: freeing them under a running call would crash.
    has_abandoned_.store(true);
    return DeadlineExceeded("operations or callbacks did not end in time and were abandoned");
  }
  host_->pool().Finish();
  CloseComponents();
  host_->loop().Finish();
  host_->pool().Finish();
  host_->waiting().CloseDescriptors();
  return drained.stopped > 0 ? DeadlineExceeded("operations had to be stopped") : absl::OkStatus();
}

void Runtime::EndQueues(Duration patience, DrainReport* report) {
  for (const auto& queue : LiveQueues()) {
    queue->EndIntake();
    if (!queue->AwaitEmpty(patience)) {
      ++report->abandoned;
    }
  }
}

}  // namespace mecha
