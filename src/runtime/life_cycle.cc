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
// How long a resume waits for subscriptions; those that take longer follow in the background.
constexpr Duration kServeAgain = std::chrono::seconds(5);

}  // namespace

std::string DrainReport::ToJson() const {
  return "{\"finished\":" + std::to_string(finished) + ",\"stopped\":" + std::to_string(stopped) +
         ",\"returned\":" + std::to_string(returned) +
         ",\"abandoned\":" + std::to_string(abandoned) + ",\"registrations\":" + registrations +
         "}";
}

Status Runtime::Start() {
  const std::lock_guard lock(life_mutex_);
  switch (phase()) {
    case Gate::Phase::kRunning:
      return OkStatus();
    case Gate::Phase::kClosed:
      return StatusOf(StopCause::kClosed);
    case Gate::Phase::kSuspended:
      return StatusOf(StopCause::kSuspended);
    case Gate::Phase::kOpened:
      break;
  }
  const Status started = starter_->StartAll();
  host_->pool().Finish();  // the threads that connected have done their work
  if (!started.ok()) {
    starter_->StopRetries();
    CloseComponents();
    return started;
  }
  gate_.SetPhase(Gate::Phase::kRunning);
  return OkStatus();
}

void Runtime::CloseComponents() {
  // The secret stores came first, so they go last.
  for (const bool secret_stores : {false, true}) {
    for (const auto& slot : components_.slots()) {
      if (slot->is_secret_store() != secret_stores || slot->component() == nullptr) {
        continue;
      }
      slot->service->SetHealth(Health::kClosed, OkStatus());
      slot->component()->Close();
      slot->Drop();
    }
  }
}

void Runtime::StopAllOperations(StopCause cause) {
  host_->waiting().StopAll(cause);
  operations_->StopAll(cause);
}

// Where the host runs the loop nobody else may be there to do the work that is waited for, so this
// thread is lent to it.
bool Runtime::AwaitOperations(Deadline deadline) {
  constexpr Duration kStep = std::chrono::milliseconds(10);
  if (!host_->host_runs_loop()) {
    return gate_.WaitUntilEmpty(host_->clock(), deadline);
  }
  while (gate_.inside() != 0) {
    const Duration left = deadline.Remaining(host_->clock().Now());
    if (left == Duration::zero()) {
      return false;
    }
    host_->loop().Run(std::min(left, kStep));
  }
  return true;
}

// The gate must be shut already. Waits, then asks what is left to stop, then gives up.
DrainReport Runtime::Drain(Duration deadline, StopCause cause) {
  DrainReport report;
  const Clock& clock = host_->clock();
  const uint32_t before = gate_.inside();
  const Deadline until = Deadline::After(clock.Now(), deadline);
  const uint64_t returned_before = serving_->tally().returned;
  report.left_handlers = !serving_->Drain(until);
  report.returned = serving_->tally().returned - returned_before;
  report.registrations = serving_->registrations()->ReportJson();
  // Also more than before: handlers begin some on behalf of their requests.
  const uint32_t late = AwaitOperations(until) ? 0 : gate_.inside();
  report.finished = before - std::min(late, before);
  if (late > 0) {
    StopAllOperations(cause);
    AwaitOperations(Deadline::After(clock.Now(), kGrace));
    report.abandoned = gate_.inside();
    report.stopped = late - std::min(late, report.abandoned);
  }
  return report;
}

Status Runtime::Suspend(Duration deadline, bool keep_connections, DrainReport* report) {
  const std::lock_guard lock(life_mutex_);
  switch (phase()) {
    case Gate::Phase::kRunning:
      break;
    case Gate::Phase::kSuspended:
      return OkStatus();
    case Gate::Phase::kClosed:
      return StatusOf(StopCause::kClosed);
    case Gate::Phase::kOpened:
      return FailedPrecondition("the runtime is not started; there is nothing to suspend");
  }
  gate_.SetPhase(Gate::Phase::kSuspended);
  DrainReport drained = Drain(deadline, StopCause::kSuspended);
  host_->waiting().Allow();
  if (drained.abandoned == 0 && !AwaitQueues(kGrace)) {
    ++drained.abandoned;
  }
  if (report != nullptr) {
    *report = drained;
  }
  if (drained.abandoned > 0) {
    gate_.SetPhase(Gate::Phase::kRunning);
    serving_->Resume(kServeAgain);
    return DeadlineExceeded("operations or callbacks did not end in time; the runtime runs on");
  }
  starter_->StopRetries();
  host_->pool().Finish();  // a job may still be on its way out of a component
  SuspendComponents(keep_connections);
  host_->loop().Stop();
  host_->pool().Finish();
  if (!keep_connections) {
    host_->waiting().CloseDescriptors();
  }
  is_at_rest_.store(!keep_connections);
  return OkStatus();
}

void Runtime::SuspendComponents(bool keep_connections) {
  for (const auto& slot : components_.slots()) {
    if (slot->service->health() == Health::kReady) {
      slot->component()->Suspend(keep_connections);
    }
  }
}

// A change of life that was under way at the fork keeps its lock for ever.
bool Runtime::Adopt() {
  if (!is_at_rest_.load() || !life_mutex_.try_lock()) {
    return false;
  }
  for (const auto& queue : LiveQueues()) {
    queue->Adopt();
  }
  host_->Adopt();
  life_mutex_.unlock();
  return true;
}

Status Runtime::Resume() {
  const std::lock_guard lock(life_mutex_);
  if (phase() == Gate::Phase::kClosed) {
    return StatusOf(StopCause::kClosed);
  }
  if (phase() != Gate::Phase::kSuspended) {
    return FailedPrecondition("the runtime is not suspended; there is nothing to resume");
  }
  const bool was_at_rest = is_at_rest_.exchange(false);
  host_->LookAtClocks();
  RenewInstanceId();
  const Status resumed = ResumeComponents();
  if (!resumed.ok()) {
    is_at_rest_.store(was_at_rest);
    return resumed;
  }
  host_->loop().Resume();
  starter_->ResumeRetries();
  gate_.SetPhase(Gate::Phase::kRunning);
  serving_->Resume(kServeAgain);
  return OkStatus();
}

// When one fails, those before it and the one itself are suspended again, and no other.
Status Runtime::ResumeComponents() {
  std::vector<Component*> resumed;
  for (const auto& slot : components_.slots()) {
    if (slot->service->health() != Health::kReady) {
      continue;
    }
    if (slot->messages != nullptr) {
      slot->messages->BecomeConsumer(MakeConsumerName(options_.app_id, instance_id()));
    }
    resumed.push_back(slot->component());
    const Status status = ResumeComponent(*slot);
    if (!status.ok()) {
      for (Component* component : resumed) {
        component->Suspend(false);
      }
      host_->loop().Stop();
      host_->pool().Finish();
      return WithPrefix(status, "component \"" + slot->document.name + "\" did not resume");
    }
  }
  return OkStatus();
}

Status Runtime::ResumeComponent(ComponentSlot& slot) {
  Waiter waiter;
  CallContext call;
  call.waiter = &waiter;
  call.may_block = true;
  call.deadline = Deadline::After(host_->clock().Now(), slot.document.init_timeout);
  return slot.component()->Resume(call);
}

Status Runtime::Shutdown(Duration deadline, DrainReport* report) {
  const std::lock_guard lock(life_mutex_);
  if (phase() == Gate::Phase::kClosed) {
    return StatusOf(StopCause::kClosed);
  }
  gate_.SetPhase(Gate::Phase::kClosed);
  DrainReport drained = Drain(std::max(deadline, Duration::zero()), StopCause::kClosed);
  serving_->StopAll();
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
  if (drained.stopped > 0) {
    return DeadlineExceeded("operations had to be stopped");
  }
  return drained.left_handlers ? DeadlineExceeded("requests were open and have been given up")
                               : OkStatus();
}

// The events of abandoned operations will not come: nobody waits for them.
void Runtime::EndQueues(Duration patience, DrainReport* report) {
  for (const auto& queue : LiveQueues()) {
    queue->EndIntake();
  }
  if (report->abandoned == 0 && !AwaitQueues(patience)) {
    ++report->abandoned;
  }
}

// False when a callback, or an event, took longer than `patience`.
bool Runtime::AwaitQueues(Duration patience) {
  const auto queues = LiveQueues();
  return std::ranges::all_of(queues,
                             [patience](const auto& queue) { return queue->AwaitEmpty(patience); });
}

}  // namespace mecha
