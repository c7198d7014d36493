// SPDX-License-Identifier: Apache-2.0
#include "conformance/client/event_queue.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "support/catch.h"

namespace conformance {

EventQueue::EventQueue(mecha_runtime* runtime, Kind kind, uint32_t max_inflight) : kind_(kind) {
  mecha_queue_options options{};
  options.struct_size = sizeof options;
  options.max_inflight = max_inflight;
  options.flags = kind == Kind::kBlockingCallback ? uint32_t{MECHA_QUEUE_BLOCKING} : 0;
  if (kind != Kind::kPoll) {
    options.deliver = &EventQueue::Deliver;
    options.user = this;
  }
  REQUIRE(mecha_queue_open(runtime, &options, &queue_) == MECHA_OK);
}

mecha_call EventQueue::Call(uint64_t token, mecha_op* op, int64_t timeout_ns) const {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.queue = queue_;
  call.token = token;
  call.op = op;
  call.timeout_ns = timeout_ns;
  return call;
}

std::vector<Event> EventQueue::Collect(size_t count, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  if (kind_ == Kind::kPoll) {
    return CollectPolled(count, until);
  }
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, until, [&] { return delivered_.size() >= count; });
  std::vector<Event> taken = std::move(delivered_);
  delivered_.clear();
  return taken;
}

std::vector<Event> EventQueue::CollectPolled(size_t count,
                                             std::chrono::steady_clock::time_point until) {
  std::vector<Event> taken;
  std::array<mecha_event, 64> raw;
  while (taken.size() < count) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left.count() <= 0) {
      break;
    }
    const size_t room = std::min(raw.size(), count - taken.size());
    const int32_t got =
        mecha_queue_wait(queue_, raw.data(), room,
                         std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
    if (got < 0) {
      break;
    }
    std::transform(raw.begin(), raw.begin() + got, std::back_inserter(taken), EventOf);
  }
  return taken;
}

void EventQueue::Deliver(void* user, const mecha_event* events, size_t count) {
  auto* queue = static_cast<EventQueue*>(user);
  const std::lock_guard lock(queue->mutex_);
  std::transform(events, events + count, std::back_inserter(queue->delivered_), EventOf);
  queue->arrived_.notify_all();
}

Event EventQueue::EventOf(const mecha_event& raw) {
  return {raw.token, raw.id, raw.status, TakeAnswer(raw.status, raw.result),
          std::this_thread::get_id()};
}

}  // namespace conformance
