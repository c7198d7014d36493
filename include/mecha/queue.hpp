// SPDX-License-Identifier: Apache-2.0
// Queue: where asynchronous calls report. Poll it, wait on it, put its descriptor into an event
// loop, or let the runtime call a function. Not needed for blocking calls.
//
// An event may come before the call that submitted it has returned: register the token first.
#ifndef MECHA_QUEUE_HPP
#define MECHA_QUEUE_HPP

#include "queue.h"
#include "runtime.hpp"

namespace mecha {
namespace v0 {

/// How an asynchronous call stands: what a submit returns, and what a queue hands out. Move-only.
class Event {
 public:
  /// No event: the kind is MECHA_EVENT_NONE.
  Event() = default;
  /// Takes over the result of a C event.
  explicit Event(const mecha_event& event) noexcept
      : kind_(event.kind),
        status_(static_cast<Status>(event.status)),
        token_(event.token),
        id_(event.id),
        answer_(event.result) {}

  /// MECHA_EVENT_COMPLETION, or another kind; ignore unknown ones.
  std::uint32_t kind() const noexcept { return kind_; }
  /// True when there is an event.
  explicit operator bool() const noexcept { return kind_ != MECHA_EVENT_NONE; }
  /// True only for what a submit returned: exactly one event with this token will follow. When
  /// false, the operation is over already and this is how; no event follows.
  bool pending() const noexcept { return status_ == Status::kPending; }
  /// How the operation ended.
  Status status() const noexcept { return status_; }
  /// The token it was submitted with.
  std::uint64_t token() const noexcept { return token_; }
  /// The operation's id, for Runtime::Cancel.
  std::uint64_t id() const noexcept { return id_; }
  /// What came back, untyped.
  const Answer& answer() const noexcept { return answer_; }
  /// The same, now the caller's. Leaves the event without an answer.
  Answer TakeAnswer() noexcept { return std::move(answer_); }
  /// What came back as the blocking call would have returned it: Take<Value>() after GetAsync,
  /// Take<Written>() after SetAsync and so on. Leaves the event without an answer.
  template <class T>
  Result<T> Take() {
    return T::From(status_, std::move(answer_));
  }

 private:
  std::uint32_t kind_ = MECHA_EVENT_NONE;
  Status status_ = Status::kOk;
  std::uint64_t token_ = 0;
  std::uint64_t id_ = 0;
  Answer answer_;
};

/// What a queue is made of.
struct QueueOptions {
  std::uint32_t max_inflight = 0;  ///< more submitted calls are kBusy; 0 = 65536
  bool receives_logs = false;      ///< also hand out MECHA_EVENT_LOG
  bool may_block = false;          ///< callback queues: the handler may block
};

/// A completion queue. Move-only; methods may be called from any thread. Destroying it closes it:
/// calls still running are cancelled and their events dropped.
class Queue {
 public:
  /// Makes a queue to poll or wait on.
  static Result<Queue> Open(const Runtime& runtime, const QueueOptions& options = {}) {
    return Make(runtime, options, nullptr, nullptr);
  }

  /// Makes a queue that calls `handler(Event)` on a thread of the runtime, never two at a time.
  /// `handler` is borrowed and outlives the queue; it must not throw, nor block unless
  /// options.may_block is set.
  template <class Handler>
  static Result<Queue> OpenCallback(const Runtime& runtime, Handler& handler,
                                    const QueueOptions& options = {}) {
    return Make(runtime, options, &Deliver<Handler>, &handler);
  }

  /// Takes up to `capacity` waiting events, without waiting; returns how many. Fails with kClosed
  /// when closed and empty.
  Result<std::size_t> Poll(Event* events, std::size_t capacity) {
    mecha_event taken[kBatch];
    const std::int32_t count =
        mecha_queue_poll(get(), taken, capacity < kBatch ? capacity : kBatch);
    return Hand(taken, count, events);
  }

  /// As Poll, waiting up to `timeout` for the first event; negative = for ever. Returns 0 on
  /// time-out, on Wake and when a signal comes.
  Result<std::size_t> Wait(Event* events, std::size_t capacity, std::chrono::nanoseconds timeout) {
    mecha_event taken[kBatch];
    const std::int32_t count =
        mecha_queue_wait(get(), taken, capacity < kBatch ? capacity : kBatch, timeout.count());
    return Hand(taken, count, events);
  }

  /// Waits for one event; an Event that is false on time-out, on Wake and when a signal comes.
  Result<Event> Next(std::chrono::nanoseconds timeout) {
    Event event;
    Result<std::size_t> count = Wait(&event, 1, timeout);
    if (!count.ok()) return std::move(count).error();
    return Result<Event>(std::move(event));
  }

  /// Readable if and only if events wait; -1 for a callback queue. Do not read or close it.
  int fd() const noexcept { return mecha_queue_fd(get()); }
  /// Wakes one Wait, which then returns 0.
  Status Wake() noexcept { return static_cast<Status>(mecha_queue_wake(get())); }
  /// Cancels what is running, drops its events, and ends every Wait with kClosed.
  Status Close() noexcept { return static_cast<Status>(mecha_queue_close(get())); }
  /// The C queue, still owned by this object.
  mecha_queue* get() const noexcept { return queue_.get(); }

 private:
  static constexpr std::size_t kBatch = 64;

  explicit Queue(mecha_queue* opened) noexcept : queue_(opened) {}

  static Result<Queue> Make(const Runtime& runtime, const QueueOptions& options,
                            void (*deliver)(void*, const mecha_event*, std::size_t), void* user) {
    mecha_queue_options block{};
    block.struct_size = sizeof(block);
    block.max_inflight = options.max_inflight;
    if (options.may_block) block.flags |= MECHA_QUEUE_BLOCKING;
    if (options.receives_logs) block.flags |= MECHA_QUEUE_LOGS;
    block.deliver = deliver;
    block.user = user;
    mecha_queue* opened = nullptr;
    const mecha_status status = mecha_queue_open(runtime.get(), &block, &opened);
    if (status < 0) return Error(static_cast<Status>(status), Answer());
    return Queue(opened);
  }

  template <class Handler>
  static void Deliver(void* user, const mecha_event* events, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) (*static_cast<Handler*>(user))(Event(events[i]));
  }

  static Result<std::size_t> Hand(const mecha_event* taken, std::int32_t count, Event* events) {
    if (count < 0) return Error(static_cast<Status>(count), Answer());
    const auto size = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < size; ++i) events[i] = Event(taken[i]);
    return size;
  }

  detail::Handle<mecha_queue, mecha_queue_free> queue_;
};

namespace detail {

/// What a submitted call returns: pending, or how it ended already.
inline Event Submitted(mecha_status status, const CallBlock& block, std::uint64_t token,
                       mecha_result* result) noexcept {
  mecha_event event{};
  event.kind = MECHA_EVENT_COMPLETION;
  event.status = status;
  event.token = token;
  event.id = block.operation_id();
  event.result = result;
  return Event(event);
}

}  // namespace detail
}  // namespace v0
}  // namespace mecha

#endif  // MECHA_QUEUE_HPP
