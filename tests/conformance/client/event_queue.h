// SPDX-License-Identifier: Apache-2.0
// EventQueue: a completion queue whose events tests collect as plain values. As a poll queue it is
// read by Collect; as a callback queue the library fills it and Collect waits. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "conformance/client/answer.h"

namespace conformance {

struct Event {
  uint64_t token = 0;
  uint64_t id = 0;
  mecha_status status = MECHA_OK;
  Answer answer;
  std::thread::id thread;  // where it was delivered or collected
};

class EventQueue {
 public:
  enum class Kind { kPoll, kCallback, kBlockingCallback };

  explicit EventQueue(mecha_runtime* runtime, Kind kind = Kind::kPoll, uint32_t max_inflight = 0);
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue() { mecha_queue_free(queue_); }

  mecha_queue* get() const { return queue_; }
  // A call that reports here. `op`, when given, receives the operation's id.
  mecha_call Call(uint64_t token, mecha_op* op = nullptr, int64_t timeout_ns = 0) const;

  // Waits for `count` more events, at most for `limit`, and returns what came.
  std::vector<Event> Collect(size_t count,
                             std::chrono::milliseconds limit = std::chrono::seconds(30));
  // Events that come although none should: waits a moment and returns them.
  std::vector<Event> CollectSurplus() { return Collect(1'000'000, std::chrono::milliseconds(50)); }

 private:
  static void Deliver(void* user, const mecha_event* events, size_t count);
  static Event EventOf(const mecha_event& raw);
  std::vector<Event> CollectPolled(size_t count, std::chrono::steady_clock::time_point until);

  Kind kind_;
  mecha_queue* queue_ = nullptr;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Event> delivered_;
};

}  // namespace conformance
