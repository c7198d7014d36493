// SPDX-License-Identifier: Apache-2.0
#include "capi/submit.h"

#include <optional>
#include <utility>

#include "contract/cloud_event.h"
#include "inbound/request.h"
#include "operation/plain_result.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::capi {
namespace {

Status ReadRetry(const mecha_retry* from, CallOptions* options) {
  if (from == nullptr) {
    return OkStatus();
  }
  mecha_retry retry;
  RETURN_IF_ERROR(ReadStruct(from, &retry));
  if (retry.pattern > MECHA_RETRY_EXPONENTIAL || retry.interval_ns < 0 ||
      retry.max_interval_ns < 0) {
    return InvalidArgument("mecha_retry has an unknown pattern or a negative interval");
  }
  RetryPolicy policy;
  policy.pattern = static_cast<RetryPolicy::Pattern>(retry.pattern);
  policy.limit = retry.limit;
  if (retry.interval_ns > 0) {
    policy.interval = Duration(retry.interval_ns);
  }
  if (retry.max_interval_ns > 0) {
    policy.most_interval = Duration(retry.max_interval_ns);
  }
  options->retry = policy;
  return OkStatus();
}

Status CheckCall(const mecha_call& call) {
  constexpr uint32_t kKnown = MECHA_CALL_INLINE | MECHA_CALL_BORROW | MECHA_CALL_IDEMPOTENT;
  if ((call.flags & ~kKnown) != 0) {
    return InvalidArgument("mecha_call.flags has a flag this version does not support");
  }
  if (!IsWellFormed(call.traceparent) || !IsWellFormed(call.tracestate)) {
    return InvalidArgument("mecha_call.traceparent or tracestate is NULL but has a size");
  }
  if (call.metadata == nullptr && call.metadata_count != 0) {
    return InvalidArgument("mecha_call.metadata is NULL but metadata_count is not 0");
  }
  for (size_t i = 0; i < call.metadata_count; ++i) {
    if (!IsWellFormed(call.metadata[i].key) || !IsWellFormed(call.metadata[i].value)) {
      return InvalidArgument("mecha_call.metadata has a NULL key or value with a size");
    }
  }
  return OkStatus();
}

// Holds a place in the gate, and in the queue if there is one, until the operation has it.
class Admission {
 public:
  Admission(Runtime& runtime, CompletionQueue* queue) : runtime_(runtime), queue_(queue) {}
  ~Admission() {
    if (is_inside_) {
      runtime_.Leave();
    }
    if (has_place_) {
      queue_->Unreserve();
    }
  }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // What may complete inline takes its place later, if it needs one.
  Status Enter(const CallOptions& options) {
    const uint64_t within = options.within;
    RETURN_IF_ERROR(within == 0 ? runtime_.Enter() : runtime_.EnterWithin(within));
    is_inside_ = true;
    return queue_ == nullptr || options.may_complete_inline ? OkStatus() : TakePlace();
  }
  Status TakePlace() {
    if (!has_place_) {
      RETURN_IF_ERROR(queue_->Reserve());
      has_place_ = true;
    }
    return OkStatus();
  }
  // From here on the operation leaves the gate; the place goes back when nothing is delivered.
  void PassOn() { is_inside_ = false; }
  void KeepPlace() { has_place_ = false; }

 private:
  Runtime& runtime_;
  CompletionQueue* queue_;
  bool is_inside_ = false;
  bool has_place_ = false;
};

mecha_status Finish(Operation* operation, mecha_result** out) {
  const mecha_status status = StatusOfDone(*operation);
  if (out != nullptr) {
    *out = ToHandle(operation);
  } else {
    operation->Release();
  }
  return status;
}

void Register(Runtime& runtime, const mecha_call& call, Operation* operation) {
  if (call.queue == nullptr && call.op == nullptr && call.within == 0) {
    return;
  }
  const uint64_t id = runtime.operations().Add(operation);
  operation->set_id(id);
  if (call.op != nullptr) {
    __atomic_store_n(call.op, id, __ATOMIC_RELEASE);  // another thread may read it, to cancel
  }
}

// What runs within a request carries its trace on, unless the call has one of its own. Keeps the
// request while the operation is made, or runs here.
class Trace {
 public:
  Trace(Runtime& runtime, CallOptions& options) : options_(options) {
    if (options.within == 0 || !options.traceparent.empty()) {
      return;
    }
    request_ = runtime.serving().requests().Find(options.within);
    if (request_ == nullptr || request_->is_batch() || request_->messages()[0]->event == nullptr) {
      return;
    }
    const CloudEvent& event = *request_->messages()[0]->event;
    carried_ = options;
    carried_->traceparent = event.traceparent;
    carried_->tracestate = event.tracestate;
    carried_->must_copy = options.must_copy || options.sink != nullptr;
  }
  ~Trace() {
    if (request_ != nullptr) {
      request_->Release();
    }
  }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  CallOptions& options() { return carried_.has_value() ? *carried_ : options_; }

 private:
  CallOptions& options_;
  std::optional<CallOptions> carried_;
  Request* request_ = nullptr;
};

// What a call is about, and how its operation is made.
struct Wanted {
  mecha_view component;
  Prepare prepare;
};

mecha_status Run(Runtime& runtime, const mecha_call& call, CallOptions& options, mecha_result** out,
                 const Wanted& wanted) {
  CompletionQueue* queue = call.queue == nullptr ? nullptr : call.queue->queue.get();
  Admission admission(runtime, queue);
  const Status entered = admission.Enter(options);
  if (!entered.ok()) {
    return Fail(entered, out);
  }
  Trace trace(runtime, options);
  StatusOr<Prepared> prepared = wanted.prepare(runtime, trace.options());
  if (!prepared.ok()) {
    return FailAt(runtime, wanted.component, prepared.status(), out);
  }
  Operation* operation = prepared->operation;
  const bool reports = operation->sink() != nullptr;
  Status refused = std::move(prepared->refused);
  if (refused.ok() && reports) {
    refused = admission.TakePlace();
  }
  admission.PassOn();
  if (!refused.ok()) {
    operation->Refuse(refused);
    return Finish(operation, out);
  }
  if (queue == nullptr || reports) {
    Register(runtime, call, operation);
  } else if (call.op != nullptr) {
    *call.op = 0;  // it is over before anybody could cancel it
  }
  // Its request may have been taken back before the operation could be found by its id.
  if (call.within != 0 && IsCancelled(runtime.serving().requests().Check(call.within))) {
    operation->Stop(StopCause::kCancelled);
  }
  if (!reports) {
    operation->RunBlocking();
    return Finish(operation, out);
  }
  if (operation->Submit()) {
    return Finish(operation, out);
  }
  admission.KeepPlace();
  return MECHA_PENDING;
}

}  // namespace

Status ReadCall(Runtime& runtime, const mecha_call* call, mecha_call* known, CallOptions* options) {
  RETURN_IF_ERROR(ReadStruct(call, known));
  options->started = runtime.host().clock().Now();
  const Duration timeout = known->timeout_ns == 0 ? runtime.options().settings.default_timeout
                                                  : Duration(known->timeout_ns);
  if (timeout > Duration::zero()) {
    options->deadline = Deadline::After(options->started, timeout);
  }
  if (call == nullptr) {
    return OkStatus();
  }
  RETURN_IF_ERROR(CheckCall(*known));
  RETURN_IF_ERROR(ReadRetry(known->retry, options));
  options->traceparent = ToText(known->traceparent);
  options->tracestate = ToText(known->tracestate);
  options->within = known->within;
  options->is_idempotent = (known->flags & MECHA_CALL_IDEMPOTENT) != 0;
  if (known->queue == nullptr) {
    options->interrupt = {known->interrupted, known->user};
    return OkStatus();
  }
  if (known->queue->host.get() != &runtime.host()) {
    return InvalidArgument("mecha_call.queue belongs to another runtime");
  }
  options->sink = known->queue->queue;
  options->token = known->token;
  options->must_copy = (known->flags & MECHA_CALL_BORROW) == 0;
  options->may_complete_inline = (known->flags & MECHA_CALL_INLINE) != 0;
  return OkStatus();
}

void EndRegistration(const std::shared_ptr<Registration>& registration,
                     RegistrationTable& registrations,
                     const std::weak_ptr<SubscriptionTable>& subscriptions) {
  const auto table = subscriptions.lock();
  if (table == nullptr || registration->is_stopped()) {
    return;
  }
  registration->Stop();
  registrations.Remove(*registration);
  table->StopSoon(registration);
}

mecha_status StatusOfDone(const Result& result) {
  if (result.status().ok() && result.is_partial()) {
    return MECHA_PARTIAL;
  }
  return ToStatus(result.status());
}

mecha_status CheckHandle(const mecha_runtime* rt) {
  if (rt == nullptr || rt->runtime == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  return rt->runtime->host().fork_guard().IsInChild() ? MECHA_FORKED : MECHA_OK;
}

mecha_status Fail(const Status& status, mecha_result** out) {
  if (out != nullptr) {
    *out = ToHandle(PlainResult::OfError(status));
  }
  return ToStatus(status);
}

mecha_status FailAt(const Runtime& runtime, mecha_view component, const Status& status,
                    mecha_result** out) {
  if (out != nullptr) {
    const std::string_view name = IsWellFormed(component) ? ToText(component) : "";
    *out = ToHandle(PlainResult::OfError(status, runtime.components().MakeError(name, status)));
  }
  return ToStatus(status);
}

mecha_status Refuse(mecha_runtime* rt, const Status& status, mecha_result** out) {
  if (out != nullptr) {
    *out = nullptr;
  }
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&] { return Fail(status, out); });
}

mecha_status GiveText(std::string_view key, std::string_view text, mecha_result** out) {
  if (out != nullptr) {
    *out = ToHandle(PlainResult::OfText(key, text));
  }
  return MECHA_OK;
}

mecha_status Submit(mecha_runtime* rt, const mecha_call* call, mecha_result** out,
                    mecha_view component, Prepare prepare) {
  if (out != nullptr) {
    *out = nullptr;
  }
  const mecha_status usable = CheckHandle(rt);
  if (usable != MECHA_OK) {
    return usable;
  }
  return Guard([&]() -> mecha_status {
    Runtime& runtime = *rt->runtime;
    mecha_call known;
    CallOptions options;
    const Status read = ReadCall(runtime, call, &known, &options);
    if (!read.ok()) {
      return Fail(read, out);
    }
    if (known.queue == nullptr && runtime.host().IsRuntimeThread()) {
      return Fail(Status(StatusCode::kReentrant,
                         "a blocking call on a thread of the runtime; give it a queue, or open "
                         "the callback queue with MECHA_QUEUE_BLOCKING"),
                  out);
    }
    std::vector<std::pair<std::string_view, std::string_view>> metadata;
    if (known.metadata_count != 0) {
      metadata = ToPairs(known.metadata, known.metadata_count);
      options.metadata = metadata;
    }
    return Run(runtime, known, options, out, {component, prepare});
  });
}

}  // namespace mecha::capi
