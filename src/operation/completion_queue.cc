// SPDX-License-Identifier: Apache-2.0
#include "operation/completion_queue.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "call/futex.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

constexpr size_t kBatch = 64;
// After so many batches the callback lets the loop's other work have its turn.
constexpr int kMostBatches = 64;
constexpr uint32_t kMostNotices = 65536;
// How often a wait on the lent loop looks up.
constexpr Duration kLoopStep = std::chrono::milliseconds(10);

// Never shown to the host: whoever takes it runs the job.
class QueuedJob final : public Result {
 public:
  QueuedJob(RuntimeHost& host, Job job)
      : Result(Kind::kCompletion), host_(host), job_(std::move(job)) {}

  bool OnTaken(SteadyTime /*now*/) override {
    std::move(job_)();
    return false;
  }
  void OnDropped() override { host_.Post(std::move(job_)); }

 private:
  RuntimeHost& host_;
  Job job_;
};

}  // namespace

CompletionQueue::CompletionQueue(std::shared_ptr<RuntimeHost> host, QueueOptions options)
    : host_(std::move(host)), options_(std::move(options)) {}

CompletionQueue::~CompletionQueue() {
  Close();
  ReleaseDropped();
  if (event_fd_ >= 0) {
    close(event_fd_);
  }
}

Status CompletionQueue::Reserve() {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || is_ended_) {
    return Status(StatusCode::kClosed, "the queue is closed");
  }
  if (on_their_way_ + arrived_ >= options_.most_inflight) {
    return Status(StatusCode::kBusy, "the queue has max_inflight operations under way");
  }
  ++on_their_way_;
  return OkStatus();
}

void CompletionQueue::Unreserve() {
  const std::lock_guard lock(mutex_);
  NoteArrival();
}

// An operation is no longer on its way; the last one may be what others wait for.
void CompletionQueue::NoteArrival() {
  if (--on_their_way_ > 0) {
    return;
  }
  delivered_.notify_all();
  if (is_ended_) {
    WakeAllWaiters();
  }
}

void CompletionQueue::Deliver(Result* result) { Push(result); }

void CompletionQueue::DeliverNotice(Result* notice) {
  std::unique_lock lock(mutex_);
  if (is_closed_ || is_ended_ || extras_ >= kMostNotices) {
    lock.unlock();
    notice->Release();
    return;
  }
  notice->is_extra = true;
  TellLocked(AddLocked(notice), lock);
}

bool CompletionQueue::DeliverRequests(std::span<Result* const> requests) {
  std::unique_lock lock(mutex_);
  if (is_closed_ || is_ended_) {
    return false;
  }
  NoteRequestsLocked(requests.size());
  const bool was_empty = first_ == nullptr;
  for (Result* request : requests) {
    request->is_extra = true;
    AddLocked(request);
  }
  const bool wakes_more = requests.size() > 1 && waiting_ > 1;
  TellLocked(was_empty, lock);
  if (wakes_more) {
    FutexWakeAll(changes_);  // each may take but one
  }
  return true;
}

void CompletionQueue::Post(Job job) {
  Result* const queued = new QueuedJob(*host_, std::move(job));
  if (!DeliverRequests({&queued, 1})) {
    queued->OnDropped();
    queued->Release();
  }
}

// Messages may come faster than anybody can be woken for each.
void CompletionQueue::NoteRequestsLocked(size_t count) {
  rate_.NoteArrivals(count);
  const bool wakes = has_callback() ? !is_draining_ : waiting_ > 0;
  if (wakes && !host_->IsRuntimeThread()) {
    rate_.NoteWake(host_->clock());
  }
}

void CompletionQueue::Push(Result* result) {
  std::unique_lock lock(mutex_);
  NoteArrival();
  if (is_closed_) {
    result->next = std::exchange(dropped_, result);
    return;
  }
  TellLocked(AddLocked(result), lock);
}

// True when it is the only one.
bool CompletionQueue::AddLocked(Result* result) {
  ++(result->is_extra ? extras_ : arrived_);
  result->next = nullptr;
  const bool was_empty = first_ == nullptr;
  (was_empty ? first_ : last_->next) = result;
  last_ = result;
  return was_empty;
}

// Of what was added. Lets go of the lock.
void CompletionQueue::TellLocked(bool was_empty, std::unique_lock<ShortMutex>& lock) {
  if (has_callback()) {
    if (!std::exchange(is_draining_, true)) {
      lock.unlock();
      ScheduleDrain();
    }
    return;
  }
  const bool wakes = TellWaiters(was_empty);
  lock.unlock();  // before: who wakes wants it first of all
  if (wakes) {
    FutexWakeOne(changes_);
  }
}

// On the I/O thread several arrive together: they wake the waiters once, at the end of the turn.
// True: one waiter is to be woken now.
bool CompletionQueue::TellWaiters(bool was_empty) {
  if (is_told_at_turn_end_) {
    return false;
  }
  const bool may_wait = event_fd_ >= 0 || waiting_ > 0;
  if (may_wait && host_->loop().RunAtTurnEnd([self = shared_from_this()] {
        const std::lock_guard lock(self->mutex_);
        self->is_told_at_turn_end_ = false;
        if (self->first_ != nullptr) {
          self->SetReadable(true);
          self->WakeAllWaiters();
        }
      })) {
    is_told_at_turn_end_ = true;
    return false;
  }
  if (was_empty) {
    SetReadable(true);
  }
  changes_.fetch_add(1, std::memory_order_release);
  return waiting_ > 0;
}

void CompletionQueue::WakeOneWaiter() {
  changes_.fetch_add(1, std::memory_order_release);
  if (waiting_ > 0) {
    FutexWakeOne(changes_);
  }
}

void CompletionQueue::WakeAllWaiters() {
  changes_.fetch_add(1, std::memory_order_release);
  FutexWakeAll(changes_);
}

void CompletionQueue::SetReadable(bool readable) {
  if (event_fd_ < 0) {
    return;
  }
  uint64_t value = 1;
  [[maybe_unused]] const auto bytes =
      readable ? write(event_fd_, &value, sizeof value) : read(event_fd_, &value, sizeof value);
}

void CompletionQueue::ScheduleDrain() {
  auto job = [self = shared_from_this()] { self->Drain(); };
  if (options_.may_block) {
    host_->PostBlocking(std::move(job));
  } else {
    host_->loop().Post(std::move(job));
  }
}

void CompletionQueue::ScheduleDrainAfterPause() {
  host_->loop().RunAfter(WakeRate::kPause, [self = shared_from_this()] {
    if (self->options_.may_block) {
      self->ScheduleDrain();
    } else {
      self->Drain();
    }
  });
}

void CompletionQueue::LeaveDrainLocked() {
  drainer_ = pthread_t{};
  delivered_.notify_all();
}

void CompletionQueue::Drain() {
  std::array<Result*, kBatch> batch{};
  std::unique_lock lock(mutex_);
  drainer_ = pthread_self();
  for (int batches = 0; first_ != nullptr && !is_closed_; ++batches) {
    if (batches == kMostBatches) {
      LeaveDrainLocked();
      lock.unlock();
      ScheduleDrain();
      return;
    }
    const size_t count = TakeWanted(batch, lock);
    lock.unlock();
    if (count > 0) {
      options_.deliver({batch.data(), count});
    }
    lock.lock();
  }
  is_draining_ = !is_closed_ && !is_ended_ && !host_->host_runs_loop() && rate_.PaysToPause();
  const bool pauses = is_draining_;
  LeaveDrainLocked();
  lock.unlock();
  if (pauses) {
    ScheduleDrainAfterPause();
  }
}

size_t CompletionQueue::TakeLocked(std::span<Result*> taken) {
  size_t count = 0;
  while (count < taken.size() && first_ != nullptr) {
    Result* result = taken[count++] = first_;
    first_ = std::exchange(result->next, nullptr);
    --(result->is_extra ? extras_ : arrived_);
  }
  if (first_ == nullptr) {
    last_ = nullptr;
    if (count > 0) {
      SetReadable(false);
    }
    if (is_ended_ && on_their_way_ == 0) {
      WakeAllWaiters();  // there is nothing left to wait for
    }
  }
  return count;
}

// Takes and keeps what somebody still wants, without the lock; 0 only when the list is empty.
size_t CompletionQueue::TakeWanted(std::span<Result*> taken, std::unique_lock<ShortMutex>& lock) {
  while (const size_t count = TakeLocked(taken)) {
    lock.unlock();
    size_t wanted = 0;
    const SteadyTime now = host_->clock().Now();
    for (Result* result : taken.first(count)) {
      if (result->OnTaken(now)) {
        taken[wanted++] = result;
      } else {
        result->Release();
      }
    }
    lock.lock();
    if (wanted > 0) {
      return wanted;
    }
  }
  return 0;
}

StatusOr<size_t> CompletionQueue::Poll(std::span<Result*> taken) {
  std::unique_lock lock(mutex_);
  const size_t count = TakeWanted(taken, lock);
  if (count == 0 && is_finished()) {
    return Status(StatusCode::kClosed, "");
  }
  return count;
}

StatusOr<size_t> CompletionQueue::Wait(std::span<Result*> taken, Duration timeout) {
  const auto forever = Duration::max();
  const Deadline deadline =
      Deadline::After(host_->clock().Now(), timeout < Duration::zero() ? forever : timeout);
  for (;;) {
    const uint32_t seen = changes_.load(std::memory_order_acquire);
    ASSIGN_OR_RETURN(const size_t count, Poll(taken));
    if (count > 0) {
      return count;
    }
    const Duration left = deadline.Remaining(host_->clock().Now());
    bool pauses = false;
    {
      const std::lock_guard lock(mutex_);
      if (wakes_ > 0) {
        --wakes_;
        return size_t{0};
      }
      if (left == Duration::zero()) {
        return size_t{0};
      }
      pauses = !host_->host_runs_loop() && rate_.PaysToPause();
      waiting_ += pauses ? 0 : 1;
    }
    const int error = pauses ? Pause(left) : Sleep(seen, left);
    const std::lock_guard lock(mutex_);
    waiting_ -= pauses ? 0 : 1;
    if (error == EINTR) {
      return size_t{0};
    }
  }
}

// EINTR when a signal came.
int CompletionQueue::Sleep(uint32_t seen, Duration time) {
  if (!host_->host_runs_loop()) {
    return FutexWait(changes_, seen, time);
  }
  bool was_interrupted = false;
  host_->loop().Run(std::min(time, kLoopStep), &was_interrupted);
  return was_interrupted ? EINTR : 0;
}

// As Sleep, but nobody wakes it.
int CompletionQueue::Pause(Duration time) {
  return FutexWait(pause_, 0, std::min(time, WakeRate::kPause));
}

bool CompletionQueue::Wake() {
  const std::lock_guard lock(mutex_);
  if (is_finished()) {
    return false;
  }
  ++wakes_;
  WakeOneWaiter();
  return true;
}

void CompletionQueue::Close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_closed_, true)) {
    return;
  }
  if (first_ != nullptr) {
    SetReadable(false);
    last_->next = std::exchange(dropped_, std::exchange(first_, nullptr));
  }
  last_ = nullptr;
  arrived_ = 0;
  extras_ = 0;
  WakeAllWaiters();
  delivered_.notify_all();
}

void CompletionQueue::ReleaseDropped() {
  Result* dropped = nullptr;
  {
    const std::lock_guard lock(mutex_);
    dropped = std::exchange(dropped_, nullptr);
  }
  while (dropped != nullptr) {
    Result* result = std::exchange(dropped, dropped->next);
    result->OnDropped();
    result->Release();
  }
}

void CompletionQueue::EndIntake() {
  const std::lock_guard lock(mutex_);
  is_ended_ = true;
  WakeAllWaiters();
}

void CompletionQueue::AwaitDropped(Duration patience) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (is_draining_ && pthread_equal(drainer_, pthread_self()) != 0) {
      return;  // inside `deliver`: whoever drops the last reference frees the rest
    }
    // A drain that has not begun sees the queue closed and delivers nothing.
    delivered_.wait(lock, [this] { return drainer_ == pthread_t{}; });
  }
  if (!host_->IsAtWork()) {
    AwaitOnTheirWay(patience);
  }
  ReleaseDropped();
}

void CompletionQueue::AwaitOnTheirWay(Duration patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::unique_lock<std::mutex> lock(mutex_);
  while (host_->host_runs_loop() && on_their_way_ > 0 && std::chrono::steady_clock::now() < until) {
    lock.unlock();
    host_->loop().Run(kLoopStep);
    lock.lock();
  }
  delivered_.wait_until(lock, until, [this] { return on_their_way_ == 0; });
}

bool CompletionQueue::AwaitEmpty(Duration timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  std::unique_lock<std::mutex> lock(mutex_);
  while (host_->host_runs_loop() && !is_quiet() && std::chrono::steady_clock::now() < until) {
    lock.unlock();
    host_->loop().Run(kLoopStep);
    lock.lock();
  }
  return delivered_.wait_until(lock, until, [this] { return is_quiet(); });
}

void CompletionQueue::Adopt() {
  const std::lock_guard lock(mutex_);
  waiting_ = 0;
  if (event_fd_ < 0) {
    return;
  }
  const int fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fresh >= 0) {
    dup3(fresh, event_fd_, O_CLOEXEC);
    close(fresh);
    SetReadable(first_ != nullptr);
  }
}

int CompletionQueue::Descriptor() {
  const std::lock_guard lock(mutex_);
  if (has_callback()) {
    return -1;
  }
  if (event_fd_ < 0) {
    event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (first_ != nullptr) {
      SetReadable(true);
    }
  }
  return event_fd_;
}

}  // namespace mecha
