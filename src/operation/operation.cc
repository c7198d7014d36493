// SPDX-License-Identifier: Apache-2.0
#include "operation/operation.h"

#include <cassert>
#include <utility>

#include "result/status.h"

namespace mecha {

Operation::Operation(Verb verb, const Target& target, const CallOptions& options)
    : Result(Kind::kCompletion, options.token), verb_(verb), target_(target), options_(options) {
  context_.deadline = options_.deadline;
  context_.waiter = &waiter_;
  context_.interrupt = options_.interrupt;
  for (const auto& [key, value] : options_.metadata) {
    metadata_.emplace_back(inputs_.Keep(key, options_.must_copy),
                           inputs_.Keep(value, options_.must_copy));
  }
  context_.metadata = metadata_;
  context_.traceparent = inputs_.Keep(options_.traceparent, options_.must_copy);
}

Operation::~Operation() { inputs_.RunReleases(); }

void Operation::RunBlocking() {
  context_.may_block = true;
  phase_.store(Phase::kRunning, std::memory_order_relaxed);
  for (;;) {
    [[maybe_unused]] const bool ended = StartTry();
    assert(ended && "a component that may block must complete inline");
    if (!ShouldRetry(attempt_status_)) {
      break;
    }
    ++retries_;
    waiter_.ResetNotification();
    const Status slept = host().Sleep(context_, pause_);
    if (!slept.ok()) {
      attempt_status_ = slept;
      break;
    }
  }
  phase_.store(Phase::kDone, std::memory_order_relaxed);
  Conclude(std::move(attempt_status_));
  inputs_.RunReleases();
}

bool Operation::Submit() {
  if (target_.execution == Execution::kBlocking) {
    PostTry();
    return false;
  }
  phase_.store(Phase::kRunning);
  if (!StartTry()) {
    return false;  // it ends on another thread, and may already be gone
  }
  if (HasCode(attempt_status_, StatusCode::kWouldBlock)) {
    PostTry();
    return false;
  }
  if (options_.may_complete_inline && !ShouldRetry(attempt_status_)) {
    phase_.store(Phase::kDone);
    Conclude(std::move(attempt_status_));
    options_.sink.reset();
    inputs_.RunReleases();
    return true;
  }
  OnTryEnd();
  return false;
}

void Operation::Refuse(const Status& status) {
  phase_.store(Phase::kDone);
  Conclude(status);
  options_.sink.reset();
  inputs_.RunReleases();
}

void Operation::Stop(StopCause cause) {
  waiter_.Stop(cause);
  EndEarly(Phase::kQueued, StatusOf(cause));
  EndEarly(Phase::kPausing, StatusOf(cause));
}

// Only a failure that surely changed nothing, or an idempotent operation, and only while a pause
// still fits before the deadline: otherwise the last cause is the better answer.
bool Operation::ShouldRetry(const Status& status) {
  if (status.ok() || !options_.retry.has_value() || !options_.retry->Allows(retries_) ||
      waiter_.stop_cause() != StopCause::kNone) {
    return false;
  }
  const Retryability retryability = RetryabilityOf(status);
  may_be_applied_ |= status.applied() != Applied::kNo;
  if (retryability == Retryability::kNo ||
      (retryability == Retryability::kOnlyIfIdempotent && !options_.is_idempotent)) {
    return false;
  }
  uint64_t random = 0;
  host().Random({reinterpret_cast<unsigned char*>(&random), sizeof random});
  pause_ = options_.retry->PauseBefore(retries_ + 1, random);
  return pause_ < context_.deadline.Remaining(host().clock().Now());
}

// Runs one try on this thread. True when it has ended; false when it ends elsewhere, and then the
// operation may be gone already.
bool Operation::StartTry() {
  const Status stopped = waiter_.Check();
  if (!stopped.ok()) {
    attempt_status_ = stopped;
    return true;
  }
  try_.store(Try::kIssuing, std::memory_order_relaxed);
  Attempt();
  Try expected = Try::kIssuing;
  return !try_.compare_exchange_strong(expected, Try::kPending, std::memory_order_acq_rel);
}

void Operation::AttemptDone(Status status) {
  attempt_status_ = std::move(status);
  if (try_.exchange(Try::kEnded, std::memory_order_acq_rel) == Try::kPending) {
    OnTryEnd();
  }
}

void Operation::PostTry() {
  const Reference self(*this);  // the job may end it, and its reader free it, before this returns
  ArmDeadline();
  phase_.store(Phase::kQueued);
  host().PostBlocking([job = Reference(*this)] { job->RunOnPool(); });
  // What came before the phase was visible would otherwise wait for a free thread.
  if (waiter_.stop_cause() != StopCause::kNone) {
    EndEarly(Phase::kQueued, waiter_.Check());
  } else if (context_.deadline.HasPassed(host().clock().Now())) {
    EndEarly(Phase::kQueued, DeadlineExceeded("the deadline passed before a thread was free"));
  }
}

void Operation::RunOnPool() {
  if (!Move(Phase::kQueued, Phase::kRunning)) {
    return;
  }
  DisarmTimer();
  context_.may_block = true;
  if (StartTry()) {
    OnTryEnd();
  }
}

void Operation::OnTryEnd() {
  if (ShouldRetry(attempt_status_)) {
    PauseThenRetry();
    return;
  }
  phase_.store(Phase::kDone);
  ConcludeAndDeliver(std::move(attempt_status_));
}

void Operation::PauseThenRetry() {
  const Reference self(*this);  // as in PostTry
  ++retries_;
  waiter_.ResetNotification();
  phase_.store(Phase::kPausing);
  const uint64_t timer = host().RunAfter(pause_, [job = Reference(*this)] {
    if (job->Move(Phase::kPausing, Phase::kNew)) {
      job->PostTry();
    }
  });
  uint64_t none = 0;
  timer_.compare_exchange_strong(none, timer);  // the next try may have begun, with its own timer
  if (waiter_.stop_cause() != StopCause::kNone) {
    EndEarly(Phase::kPausing, waiter_.Check());
  }
  if (phase_.load() == Phase::kDone) {
    DisarmTimer();  // it ended before the timer was known
  }
}

// While no thread is free, the deadline is nobody else's to watch.
void Operation::ArmDeadline() {
  if (context_.deadline.is_never()) {
    timer_.store(0);
    return;
  }
  const Duration left = context_.deadline.Remaining(host().clock().Now());
  timer_.store(host().RunAfter(left, [job = Reference(*this)] {
    job->EndEarly(Phase::kQueued, DeadlineExceeded("the deadline passed before a thread was free"));
  }));
}

void Operation::DisarmTimer() {
  const uint64_t timer = timer_.exchange(0);
  if (timer != 0) {
    host().CancelTimer(timer);
  }
}

void Operation::EndEarly(Phase from, const Status& status) {
  if (Move(from, Phase::kDone)) {
    DisarmTimer();
    ConcludeAndDeliver(status);
  }
}

void Operation::ConcludeAndDeliver(Status status) {
  Conclude(std::move(status));
  // From here on the result must not keep the queue, nor the host behind it.
  const std::shared_ptr<CompletionSink> sink = std::move(options_.sink);
  sink->Deliver(this);
}

void Operation::Conclude(Status status) {
  status = Verdict(std::move(status));
  if (!status.ok()) {
    may_be_applied_ |= status.applied() != Applied::kNo;
    if (may_be_applied_ && status.applied() == Applied::kNo) {
      status = MarkApplied(std::move(status), Applied::kMaybe);
    }
  }
  Finish(status);
  const bool is_absent = IsNotFound(status) && status.message().empty();
  std::unique_ptr<Error> failure;
  if (!status.ok() && !is_absent) {
    failure = MakeError(status);
  }
  SetOutcome(std::move(status), std::move(failure));
  target_.counters->Observe({.verb = verb_,
                             .is_failure = error() != nullptr,
                             .retries = static_cast<uint32_t>(retries_),
                             .elapsed = host().clock().Now() - options_.started,
                             .bytes = bytes_});
  target_.owner->OnOperationEnd(*this);
}

void Operation::Finish(const Status&) {}

}  // namespace mecha
