// SPDX-License-Identifier: Apache-2.0
// CompletionQueue: finished operations, requests and notices on their way to the host: polled,
// waited for, or handed to a callback, one batch at a time. It holds their references until
// somebody takes them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "async/runtime_host.h"
#include "call/short_mutex.h"
#include "contract/executor.h"
#include "operation/operation.h"
#include "operation/wake_rate.h"
#include "result/status_or.h"

namespace mecha {

struct QueueOptions {
  uint32_t most_inflight = 65536;
  bool may_block = false;  // `deliver` runs on the blocking pool
  bool wants_logs = false;
  // Receives results with their references; null makes a poll queue.
  std::function<void(std::span<Result* const>)> deliver;
};

class CompletionQueue final : public CompletionSink,
                              public Executor,
                              public std::enable_shared_from_this<CompletionQueue> {
 public:
  CompletionQueue(std::shared_ptr<RuntimeHost> host, QueueOptions options);
  ~CompletionQueue() override;

  // Takes a place for one operation. BUSY when all are taken, CLOSED after Close.
  Status Reserve();
  // Gives a place back when nothing will be delivered.
  void Unreserve();

  void Deliver(Result* result) override;
  // A notice, beyond the limit of places. Dropped when too many wait or no more operations come.
  void DeliverNotice(Result* notice);
  // Requests, beyond the limit of places: their registration has a limit of its own. False, and the
  // references stay the caller's, when the queue is closed or no more operations come.
  bool DeliverRequests(std::span<Result* const> requests);

  // Runs it where results are taken, when its turn comes; on an I/O thread when the queue is closed
  // or no more operations come.
  void Post(Job job) override;

  // Fills `taken` from the front; each comes with its reference and its releases run. CLOSED when
  // closed and empty.
  StatusOr<size_t> Poll(std::span<Result*> taken);
  // As Poll, but waits for the first one. 0 on time-out, Wake or a signal.
  StatusOr<size_t> Wait(std::span<Result*> taken, Duration timeout);
  // False when closed, or ended and empty.
  bool Wake();
  // Drops what waits and what comes; waiters get CLOSED.
  void Close();
  // No more operations will be submitted; what waits can still be taken.
  void EndIntake();
  // After Close: waits for a `deliver` on another thread, and for the operations under way (asked
  // to stop before) as long as `patience`; then frees what was dropped. The releases of lent inputs
  // run here, on the caller's thread, and not on the runtime's.
  void AwaitDropped(Duration patience);
  // Waits until every operation has arrived and the callback, if there is one, has had it. False on
  // time-out. Where the host runs the loop it lends this thread to it.
  bool AwaitEmpty(Duration timeout);

  // Opened on first use; -1 for a callback queue.
  int Descriptor();
  // In a forked child, at rest: a descriptor of its own, under the same number, in the place of the
  // one it shares with its parent. Who waits is the parent's.
  void Adopt();
  bool has_callback() const { return static_cast<bool>(options_.deliver); }
  bool wants_logs() const { return options_.wants_logs; }
  RuntimeHost& host() { return *host_; }

 private:
  void Push(Result* result);
  bool AddLocked(Result* result);
  void TellLocked(bool was_empty, std::unique_lock<ShortMutex>& lock);
  size_t TakeLocked(std::span<Result*> taken);
  size_t TakeWanted(std::span<Result*> taken, std::unique_lock<ShortMutex>& lock);
  void SetReadable(bool readable);
  void ScheduleDrain();
  void ScheduleDrainAfterPause();
  void Drain();
  void LeaveDrainLocked();
  bool TellWaiters(bool was_empty);
  void NoteRequestsLocked(size_t count);
  void WakeOneWaiter();
  void WakeAllWaiters();
  int Sleep(uint32_t seen, Duration time);
  int Pause(Duration time);
  void AwaitOnTheirWay(Duration patience);
  void ReleaseDropped();
  void NoteArrival();
  bool is_finished() const {
    return is_closed_ || (is_ended_ && on_their_way_ == 0 && first_ == nullptr);
  }
  bool is_quiet() const { return is_closed_ || (on_their_way_ == 0 && !is_draining_); }

  const std::shared_ptr<RuntimeHost> host_;
  const QueueOptions options_;
  ShortMutex mutex_;
  std::condition_variable delivered_;
  Result* first_ = nullptr;
  Result* dropped_ = nullptr;  // came after Close, or waited then
  Result* last_ = nullptr;
  uint32_t on_their_way_ = 0;  // places of operations that run
  uint32_t arrived_ = 0;       // places of those in the list
  uint32_t extras_ = 0;        // in the list without a place
  uint32_t waiting_ = 0;
  uint32_t wakes_ = 0;
  bool is_closed_ = false;
  bool is_ended_ = false;
  bool is_draining_ = false;
  bool is_told_at_turn_end_ = false;
  pthread_t drainer_{};
  int event_fd_ = -1;
  WakeRate rate_;                     // of requests
  std::atomic<uint32_t> changes_{0};  // futex for waiters
  std::atomic<uint32_t> pause_{0};    // for those that nobody wakes; never changes
};

}  // namespace mecha
