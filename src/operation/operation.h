// SPDX-License-Identifier: Apache-2.0
// Operation: one call of the C interface from submit to result. It is the call's only allocation:
// the request, the waiter, the outcome and, once done, the result the caller reads.
//
// A subclass knows its request and issues it in Attempt; the rest (retries, deadline, cancel,
// delivery) is here. Life: Attempt runs once per try and ends, inline or later, with AttemptDone.
// Threads: submit and attempts are never two at a time; Stop may come from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/waiter.h"
#include "contract/call_context.h"
#include "contract/component_info.h"
#include "contract/etag.h"
#include "contract/host.h"
#include "operation/error.h"
#include "operation/input.h"
#include "operation/result.h"
#include "resiliency/retry.h"
#include "result/buffer.h"
#include "result/status.h"
#include "telemetry/counters.h"

namespace mecha {

class Operation;

// Where a finished operation goes: a completion queue.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  // Takes the result's reference. Any thread, under no lock.
  virtual void Deliver(Result* result) = 0;
};

// Told when an operation has ended, before it is delivered: the gate that counts what is in flight.
class OperationOwner {
 public:
  virtual ~OperationOwner() = default;
  virtual void OnOperationEnd(Operation& operation) = 0;
};

// How the caller wants it run; see mecha_call.
struct CallOptions {
  Deadline deadline = Deadline::Never();
  SteadyTime started{};
  Interrupt interrupt;
  std::optional<RetryPolicy> retry;
  Metadata metadata;
  std::string_view traceparent;
  std::string_view tracestate;  // good while the operation is made
  bool is_idempotent = false;
  bool must_copy = false;  // inputs do not outlive the submitting call
  bool may_complete_inline = false;
  std::shared_ptr<CompletionSink> sink;  // null: the caller blocks
  uint64_t token = 0;
  uint64_t within = 0;  // the inbound request it runs for; 0: none
};

// What the block says of the component that serves the operation.
struct Target {
  Host* host = nullptr;
  OperationOwner* owner = nullptr;
  Counters* counters = nullptr;
  Execution execution = Execution::kQuick;
};

class Operation : public Result {
 public:
  Operation(Verb verb, const Target& target, const CallOptions& options);
  ~Operation() override;

  // Runs it to its end on this thread. The caller's reference stays the caller's.
  void RunBlocking();
  // Starts it. The operation reports to its sink, with the reference it was made with; or, with
  // may_complete_inline, returns true: it is done and nothing will be delivered.
  bool Submit();
  // Ends it at once with `status`, without a try.
  void Refuse(const Status& status);

  // Asks it to end early. Any thread.
  void Stop(StopCause cause);

  Verb verb() const { return verb_; }
  uint64_t within() const { return options_.within; }
  const std::shared_ptr<CompletionSink>& sink() const { return options_.sink; }
  InputStore& inputs() { return inputs_; }

  // The releases of lent inputs run on the host's thread.
  bool OnTaken(SteadyTime /*now*/) override {
    inputs_.RunReleases();
    return true;
  }
  // Here and not with the last reference: a job that has yet to find it ended may hold that.
  void OnDropped() override { inputs_.RunReleases(); }

 protected:
  // Issues the request once; ends with AttemptDone, inline where context().may_block.
  virtual void Attempt() = 0;
  // The error object of a failed operation; none for an absent key. By the block's words.
  virtual std::unique_ptr<Error> MakeError(const Status& status) = 0;
  // The outcome of the whole, when the last try ended with `last`. Called once, before Finish.
  virtual Status Verdict(Status last) { return last; }
  // Called once before the outcome is visible: fills items from what the last try brought.
  virtual void Finish(const Status& status);

  void AttemptDone(Status status);

  const CallContext& context() const { return context_; }
  const CallOptions& options() const { return options_; }
  Host& host() const { return *target_.host; }
  void CountBytes(size_t bytes) { bytes_ += bytes; }

 private:
  enum class Phase : uint8_t { kNew, kQueued, kRunning, kPausing, kDone };
  // Who continues after a try: Attempt's caller if it ended inline, else whoever ended it.
  enum class Try : uint8_t { kIssuing, kEnded, kPending };

  // A counted reference that a job can hold: it goes with the job, run or dropped.
  class Reference {
   public:
    explicit Reference(Operation& operation) : operation_(&operation) { operation.Retain(); }
    Reference(Reference&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
    Reference& operator=(Reference&&) = delete;
    ~Reference() {
      if (operation_ != nullptr) {
        operation_->Release();
      }
    }
    Operation* operator->() const { return operation_; }

   private:
    Operation* operation_;
  };

  bool ShouldRetry(const Status& status);
  bool StartTry();
  void PostTry();
  void RunOnPool();
  void OnTryEnd();
  void PauseThenRetry();
  void ArmDeadline();
  void DisarmTimer();
  void EndEarly(Phase from, const Status& status);
  void Conclude(Status status);
  void ConcludeAndDeliver(Status status);
  bool Move(Phase from, Phase to) { return phase_.compare_exchange_strong(from, to); }

  const Verb verb_;
  const Target target_;
  CallOptions options_;
  CallContext context_;
  Waiter waiter_;
  InputStore inputs_;
  std::vector<std::pair<std::string_view, std::string_view>> metadata_;
  std::atomic<Phase> phase_{Phase::kNew};
  std::atomic<Try> try_{Try::kIssuing};
  Duration pause_{0};  // before the next try
  size_t bytes_ = 0;
  // The one timer that runs for it, if any: the deadline while queued, else the pause.
  std::atomic<uint64_t> timer_{0};
  Status attempt_status_;
};

// An operation, and why it must not run, if so: Operation::Refuse it then.
struct Prepared {
  Operation* operation = nullptr;
  Status refused;
};

}  // namespace mecha
