// SPDX-License-Identifier: Apache-2.0
#include "async/io_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "call/deadline.h"

namespace mecha {
namespace {

// Marks the calling thread as one of the loop's for as long as it runs work.
class RunnerMark {
 public:
  explicit RunnerMark(std::span<std::atomic<pthread_t>> slots) {
    for (std::atomic<pthread_t>& slot : slots) {
      pthread_t empty{};
      if (slot.compare_exchange_strong(empty, pthread_self())) {
        slot_ = &slot;
        return;
      }
    }
  }
  ~RunnerMark() {
    if (slot_ != nullptr) {
      slot_->store(pthread_t{});
    }
  }
  RunnerMark(const RunnerMark&) = delete;
  RunnerMark& operator=(const RunnerMark&) = delete;

 private:
  std::atomic<pthread_t>* slot_ = nullptr;
};

void Drain(int fd) {
  uint64_t count = 0;
  [[maybe_unused]] const auto bytes = read(fd, &count, sizeof count);
}

void Signal(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const auto bytes = write(fd, &one, sizeof one);
}

}  // namespace

IoLoop::IoLoop(const Clock& clock, const ThreadOptions& thread_options, bool host_runs)
    : clock_(clock), thread_options_(thread_options), host_runs_(host_runs) {}

IoLoop::~IoLoop() {
  Stop();
  CloseDescriptors();
}

void IoLoop::CloseDescriptors() {
  for (int* fd : {&epoll_fd_, &event_fd_, &timer_fd_}) {
    if (*fd >= 0) {
      close(std::exchange(*fd, -1));
    }
  }
  armed_at_ = SteadyTime::max();
}

bool IoLoop::OpenDescriptors() {
  if (epoll_fd_ >= 0) {
    return true;
  }
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  for (const int fd : {event_fd_, timer_fd_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }
  return epoll_fd_ >= 0 && event_fd_ >= 0 && timer_fd_ >= 0;
}

void IoLoop::EnsureRunning() {
  OpenDescriptors();
  ArmTimer();
  if (!host_runs_ && !thread_.is_started() && !is_stopping_) {
    // Without a thread (the system refuses one) the work waits for the next attempt.
    thread_.Start("mecha-io", thread_options_, [this] { RunUntilStopped(); }).IgnoreError();
  }
}

void IoLoop::Post(Job job) {
  const std::lock_guard lock(mutex_);
  const bool was_idle = posted_.empty();
  posted_.push_back(std::move(job));
  EnsureRunning();
  if (was_idle) {
    Signal(event_fd_);
  }
}

uint64_t IoLoop::RunAfter(Duration delay, Job job) {
  const std::lock_guard lock(mutex_);
  const uint64_t timer = timers_.Add(Deadline::After(clock_.Now(), delay).at(), std::move(job));
  EnsureRunning();
  ArmTimer();
  return timer;
}

bool IoLoop::CancelTimer(uint64_t timer) {
  const std::lock_guard lock(mutex_);
  return timers_.Cancel(timer);
}

// Only ever armed earlier: a timer that was cancelled costs one idle wake-up, not a system call.
void IoLoop::ArmTimer() {
  const auto next = timers_.NextAt();
  if (!next.has_value() || timer_fd_ < 0 || *next >= armed_at_) {
    return;
  }
  armed_at_ = *next;
  const Duration left = std::max(Duration(1), *next - clock_.Now());
  itimerspec when{};
  when.it_value.tv_sec = left.count() / 1'000'000'000;
  when.it_value.tv_nsec = left.count() % 1'000'000'000;
  timerfd_settime(timer_fd_, 0, &when, nullptr);
}

void IoLoop::Wake() {
  const std::lock_guard lock(mutex_);
  if (event_fd_ >= 0) {
    Signal(event_fd_);
  }
}

int IoLoop::Descriptor() {
  const std::lock_guard lock(mutex_);
  return OpenDescriptors() ? epoll_fd_ : -1;
}

bool IoLoop::TakeWork(std::deque<Job>* work) {
  const std::lock_guard lock(mutex_);
  if (event_fd_ >= 0) {
    Drain(event_fd_);
    Drain(timer_fd_);
  }
  work->swap(posted_);
  const SteadyTime now = clock_.Now();
  for (Job& due : timers_.TakeDue(now)) {
    work->push_back(std::move(due));
  }
  if (armed_at_ <= now) {
    armed_at_ = SteadyTime::max();
  }
  ArmTimer();
  return !work->empty();
}

void IoLoop::WaitForWork(Duration timeout) {
  const auto milliseconds = timeout < Duration::zero()
                                ? -1
                                : std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  epoll_event events[2];
  epoll_wait(epoll_fd_, events, 2, static_cast<int>(std::min<int64_t>(milliseconds, 1 << 30)));
}

int IoLoop::Run(Duration timeout) {
  {
    const std::lock_guard lock(mutex_);
    if (!OpenDescriptors()) {
      return 0;
    }
  }
  const RunnerMark mark(runners_);
  std::deque<Job> work;
  if (!TakeWork(&work) && timeout != Duration::zero()) {
    WaitForWork(timeout);
    TakeWork(&work);
  }
  const int count = static_cast<int>(work.size());
  for (Job& job : work) {
    std::move(job)();
  }
  return count;
}

void IoLoop::RunUntilStopped() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) {
        return;
      }
    }
    Run(Duration(-1));
  }
}

bool IoLoop::IsCurrentThread() const {
  const pthread_t self = pthread_self();
  return std::ranges::any_of(runners_, [self](const std::atomic<pthread_t>& runner) {
    return runner.load(std::memory_order_relaxed) == self;
  });
}

bool IoLoop::has_thread() const {
  const std::lock_guard lock(mutex_);
  return thread_.is_started();
}

void IoLoop::JoinThread() {
  mutex_.lock();
  Thread leaving(std::move(thread_));
  mutex_.unlock();
  leaving.Join();
}

void IoLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    if (event_fd_ >= 0) {
      Signal(event_fd_);
    }
  }
  JoinThread();
  const std::lock_guard lock(mutex_);
  is_stopping_ = false;
  if (!host_runs_) {
    CloseDescriptors();
  }
}

void IoLoop::Resume() {
  const std::lock_guard lock(mutex_);
  if (!posted_.empty() || !timers_.empty()) {
    EnsureRunning();
    Signal(event_fd_);
  }
}

void IoLoop::Finish() {
  Stop();
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(posted_);
    timers_.Clear();
  }
  for (Job& job : left) {
    std::move(job)();
  }
}

}  // namespace mecha
