// SPDX-License-Identifier: Apache-2.0
#include "async/io_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <span>
#include <utility>

#include "call/deadline.h"

namespace mecha {
namespace {

// Served between two looks at the posted jobs. A lent thread takes one, so that others get theirs.
constexpr int kEventsAtOnce = 16;
constexpr Duration kLookEvery = std::chrono::seconds(1);

void Drain(int fd) {
  uint64_t count = 0;
  [[maybe_unused]] const auto bytes = read(fd, &count, sizeof count);
}

void Signal(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const auto bytes = write(fd, &one, sizeof one);
}

}  // namespace

// Marks the calling thread as one of the loop's for as long as it runs work.
class IoLoop::RunnerMark {
 public:
  explicit RunnerMark(std::span<Runner> slots) {
    for (Runner& slot : slots) {
      pthread_t empty{};
      if (slot.thread.compare_exchange_strong(empty, pthread_self())) {
        slot_ = &slot;
        return;
      }
    }
  }
  ~RunnerMark() {
    if (slot_ != nullptr) {
      slot_->thread.store(pthread_t{});
    }
  }
  RunnerMark(const RunnerMark&) = delete;
  RunnerMark& operator=(const RunnerMark&) = delete;

 private:
  Runner* slot_ = nullptr;
};

IoLoop::IoLoop(const Clock& clock, const ThreadOptions& thread_options, bool host_runs)
    : clock_(clock), thread_options_(thread_options), host_runs_(host_runs), watches_(host_runs) {}

IoLoop::~IoLoop() {
  Stop();
  CloseDescriptors();
}

void IoLoop::CloseDescriptors() {
  watches_.UseEpoll(-1);
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
  timer_fd_ = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  for (const int fd : {event_fd_, timer_fd_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<uint64_t>(fd);
    epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  }
  if (epoll_fd_ < 0 || event_fd_ < 0 || timer_fd_ < 0) {
    CloseDescriptors();  // all or none: half a set would sleep through its work
    return false;
  }
  watches_.UseEpoll(epoll_fd_);
  return true;
}

void IoLoop::EnsureRunning() {
  if (!OpenDescriptors()) {
    return;  // out of descriptors: the work waits for the next attempt
  }
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
  return timer;
}

bool IoLoop::CancelTimer(uint64_t timer) {
  Job cancelled;  // freed after the lock: what it holds may call back
  {
    const std::lock_guard lock(mutex_);
    cancelled = timers_.Cancel(timer);
  }
  return static_cast<bool>(cancelled);
}

uint64_t IoLoop::Watch(int fd, OnReady on_ready) {
  const std::lock_guard lock(mutex_);
  EnsureRunning();
  return watches_.Add(fd, std::move(on_ready));
}

void IoLoop::Await(uint64_t watch, short events) { watches_.Await(watch, events); }

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
    armed_at_ = SteadyTime::max();
    ArmTimer();
    Signal(event_fd_);
  }
}

int IoLoop::Descriptor() {
  const std::lock_guard lock(mutex_);
  return OpenDescriptors() ? epoll_fd_ : -1;
}

void IoLoop::Adopt() {
  const std::lock_guard lock(mutex_);
  for (Runner& runner : runners_) {
    runner.thread.store(pthread_t{});
  }
  if (epoll_fd_ < 0) {
    return;
  }
  const int number = std::exchange(epoll_fd_, -1);  // a host has it in a loop of its own
  CloseDescriptors();
  if (OpenDescriptors() && dup3(epoll_fd_, number, O_CLOEXEC) == number) {
    close(std::exchange(epoll_fd_, number));
    watches_.UseEpoll(epoll_fd_);
    Signal(event_fd_);
  } else {
    close(number);
  }
}

// Timers that are due join the posted jobs. Returns how many jobs there are.
size_t IoLoop::GatherDue() {
  SteadyTime now;
  const size_t count = GatherDueAt(&now);
  if (lookout_ && now - looked_at_.load(std::memory_order_relaxed) >= kLookEvery) {
    looked_at_.store(now, std::memory_order_relaxed);
    lookout_();
  }
  return count;
}

size_t IoLoop::GatherDueAt(SteadyTime* at) {
  const std::lock_guard lock(mutex_);
  *at = SteadyTime{};
  if (is_finished_ || (is_stopping_ && !host_runs_)) {
    return 0;  // and the descriptor stays readable, so that every runner wakes and the thread ends
  }
  if (event_fd_ >= 0) {
    Drain(event_fd_);
    Drain(timer_fd_);
  }
  const SteadyTime now = *at = clock_.Now();
  for (Job& due : timers_.TakeDue(now)) {
    posted_.push_back(std::move(due));
  }
  if (armed_at_ <= now) {
    armed_at_ = SteadyTime::max();
  }
  ArmTimer();
  return posted_.size();
}

// Everything for the loop's own thread, one job for a thread of the host's: others may run beside
// it, and a job may wait for another.
std::deque<Job> IoLoop::Take() {
  std::deque<Job> taken;
  const std::lock_guard lock(mutex_);
  if (!host_runs_) {
    taken.swap(posted_);
  } else if (!posted_.empty() && !is_finished_) {
    taken.push_back(std::move(posted_.front()));
    posted_.pop_front();
    ++running_;
    if (!posted_.empty()) {
      Signal(event_fd_);
    }
  }
  return taken;
}

bool IoLoop::RunAtTurnEnd(Job job) {
  if (host_runs_ || !IsCurrentThread()) {
    return false;
  }
  turn_ends_.push_back(std::move(job));
  return true;
}

void IoLoop::EndTurn() {
  for (size_t i = 0; i < turn_ends_.size(); ++i) {
    Job job = std::move(turn_ends_[i]);
    std::move(job)();
  }
  turn_ends_.clear();
}

size_t IoLoop::RunTaken() {
  std::deque<Job> work = Take();
  for (Job& job : work) {
    std::move(job)();
    job = nullptr;
  }
  EndTurn();
  if (host_runs_ && !work.empty()) {
    const std::lock_guard lock(mutex_);
    --running_;
    has_ended_.notify_all();
  }
  return work.size();
}

// Waits for work and serves the descriptors that are ready. False when a signal ended the wait.
bool IoLoop::WaitForWork(Duration timeout, int* dispatched) {
  const auto milliseconds = timeout < Duration::zero()
                                ? -1
                                : std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  std::array<epoll_event, kEventsAtOnce> events;
  const int ready = epoll_wait(epoll_fd_, events.data(), host_runs_ ? 1 : kEventsAtOnce,
                               static_cast<int>(std::min<int64_t>(milliseconds, 1 << 30)));
  for (int i = 0; i < ready; ++i) {
    if (events[static_cast<size_t>(i)].data.u64 >= WatchTable::kFirst) {
      watches_.Dispatch(events[static_cast<size_t>(i)]);
      EndTurn();
      ++*dispatched;
    }
  }
  return ready >= 0 || errno != EINTR;
}

int IoLoop::Run(Duration timeout, bool* was_interrupted) {
  {
    const std::lock_guard lock(mutex_);
    if (is_finished_ || !OpenDescriptors()) {
      return 0;
    }
  }
  const RunnerMark mark(runners_);
  size_t due = GatherDue();
  int count = 0;
  if ((due == 0 && timeout != Duration::zero()) || !watches_.empty()) {
    const bool was_signal = !WaitForWork(due == 0 ? timeout : Duration::zero(), &count);
    if (was_interrupted != nullptr) {
      *was_interrupted = was_signal;
    }
    due = GatherDue();
  }
  for (size_t done = 0; done < due;) {
    const size_t ran = RunTaken();
    if (ran == 0) {
      break;  // another thread was faster
    }
    done += ran;
    count += static_cast<int>(ran);
  }
  return count;
}

void IoLoop::RunBlocking(Job job) {
  const pthread_t self = pthread_self();
  std::bitset<std::tuple_size_v<decltype(runners_)>> changed;
  for (size_t i = 0; i < runners_.size(); ++i) {
    changed[i] = runners_[i].thread.load(std::memory_order_relaxed) == self &&
                 !runners_[i].may_block.exchange(true, std::memory_order_relaxed);
  }
  std::move(job)();
  for (size_t i = 0; i < runners_.size(); ++i) {
    if (changed[i]) {
      runners_[i].may_block.store(false, std::memory_order_relaxed);
    }
  }
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

// Asked by every blocking call, so the usual loop, with one thread of its own, looks at one slot.
bool IoLoop::IsCurrentThread() const {
  const pthread_t self = pthread_self();
  const std::span<const Runner> used(runners_.data(), host_runs_ ? runners_.size() : 1);
  return std::ranges::any_of(used, [self](const Runner& runner) {
    return runner.thread.load(std::memory_order_relaxed) == self &&
           !runner.may_block.load(std::memory_order_relaxed);
  });
}

bool IoLoop::IsInsideRun() const {
  const pthread_t self = pthread_self();
  return std::ranges::any_of(runners_, [self](const Runner& runner) {
    return runner.thread.load(std::memory_order_relaxed) == self;
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
  std::unique_lock lock(mutex_);
  has_ended_.wait(lock, [this] { return running_ == 0; });
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
  std::vector<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    left.swap(posted_);
    dropped = timers_.TakeAll();
    is_finished_ = host_runs_;
    if (is_finished_ && event_fd_ >= 0) {
      Signal(event_fd_);
    }
  }
  for (Job& job : left) {
    std::move(job)();
  }
}

}  // namespace mecha
