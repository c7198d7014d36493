// SPDX-License-Identifier: Apache-2.0
// TestHost: a Host for component tests: real threads and waits, a clock that tests move, logs kept
// in a vector. Not the runtime's host. Timers run on a thread of its own when they are due, or on
// the caller's inside Advance. Safe from any thread; destroy it after the component was closed.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "contract/cryptography.h"
#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/poll_thread.h"

namespace mecha::test {

class TestHost final : public Host {
 public:
  struct LogLine {
    Severity severity;
    std::string component;
    std::string message;
  };

  TestHost() = default;
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;
  ~TestHost() override {
    WaitForJobs();
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    timers_changed_.notify_all();
    if (timer_thread_.joinable()) {
      timer_thread_.join();
    }
    WaitForJobs();
    for (const int wake : wakes_) {
      close(wake);
    }
  }

  const Clock& clock() const override { return clock_; }

  Status Wait(const CallContext& call, int fd, short events) override {
    return Poll(call, fd, events, SteadyTime::max());
  }
  Status WaitOnSocket(const CallContext& call, int fd, short events) override {
    const Status status = Wait(call, fd, events);
    if (!call.waiter->Check().ok()) {
      shutdown(fd, SHUT_RDWR);  // as the runtime's host does
    }
    return status;
  }
  StatusOr<ssize_t> Receive(const CallContext& call, int fd, std::span<char> into) override {
    timeval patience{};
    socklen_t size = sizeof patience;
    getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, &size);
    const Duration most =
        std::chrono::seconds(patience.tv_sec) + std::chrono::microseconds(patience.tv_usec);
    CallContext bounded = call;
    bounded.deadline = Deadline::After(clock_.Now(), most);
    RETURN_IF_ERROR(Wait(bounded, fd, POLLIN));
    return recv(fd, into.data(), into.size(), MSG_DONTWAIT);
  }
  Status Park(const CallContext& call) override {
    return call.waiter->Park(clock_, call.deadline, call.interrupt);
  }
  Status Sleep(const CallContext& call, Duration time) override {
    return Poll(call, -1, 0, clock_.Now() + time);
  }

  void PostBlocking(Job job) override {
    const std::lock_guard lock(mutex_);
    jobs_.emplace_back([this, work = std::move(job)]() mutable {
      std::move(work)();
      job_count_.fetch_add(1);
    });
  }

  uint64_t RunAfter(Duration delay, Job job) override {
    const std::lock_guard lock(mutex_);
    const uint64_t timer = ++last_timer_;
    timers_.emplace(std::pair(clock_.Now() + delay, timer), std::move(job));
    if (!timer_thread_.joinable()) {
      timer_thread_ = std::thread([this] { RunTimers(); });
    }
    timers_changed_.notify_all();
    return timer;
  }
  bool CancelTimer(uint64_t timer) override {
    const std::lock_guard lock(mutex_);
    return std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; }) >
           0;
  }

  void Random(std::span<unsigned char> bytes) override {
    while (!bytes.empty()) {
      const ssize_t filled = getrandom(bytes.data(), bytes.size(), 0);
      if (filled > 0) {
        bytes = bytes.subspan(static_cast<size_t>(filled));
      }
    }
  }

  // Whose test needs it sets it before the component starts: support/tls_module.h.
  Cryptography* cryptography = nullptr;
  StatusOr<Cryptography*> LoadCryptography() override {
    if (cryptography == nullptr) {
      return FailedPrecondition("this test has no TLS");
    }
    return cryptography;
  }

  void Post(Job job) override { poll_thread_.Post(std::move(job)); }
  uint64_t Watch(int fd, OnReady on_ready) override {
    return poll_thread_.Watch(fd, std::move(on_ready));
  }
  void Await(uint64_t watch, short events) override { poll_thread_.Await(watch, events); }
  void Unwatch(uint64_t watch) override { poll_thread_.Unwatch(watch); }

  void Log(Severity severity, std::string_view component, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    logs_.push_back({severity, std::string(component), std::string(message)});
  }

  // Moves the clock, then runs what became due on this thread.
  void Advance(Duration by) {
    clock_.Advance(by);
    RunDueTimers();
    timers_changed_.notify_all();
  }
  void RunDueTimers() {
    for (Job job = TakeDue(); job; job = TakeDue()) {
      std::move(job)();
    }
  }
  // Returns when every job posted so far, and by those, has ended.
  void WaitForJobs() {
    for (;;) {
      std::vector<std::thread> running;
      {
        const std::lock_guard lock(mutex_);
        running.swap(jobs_);
      }
      if (running.empty()) {
        return;
      }
      for (std::thread& job : running) {
        job.join();
      }
    }
  }
  size_t job_count() const { return job_count_.load(); }
  size_t timer_count() {
    const std::lock_guard lock(mutex_);
    return timers_.size();
  }
  std::vector<LogLine> logs() {
    const std::lock_guard lock(mutex_);
    return logs_;
  }

 private:
  // Long enough to cost nothing, short enough that a moved clock is noticed.
  static constexpr Duration kPollStep = std::chrono::milliseconds(5);

  Job TakeDue() {
    const std::lock_guard lock(mutex_);
    if (timers_.empty() || timers_.begin()->first.first > clock_.Now()) {
      return nullptr;
    }
    Job job = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    return job;
  }

  void RunTimers() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
      if (timers_.empty()) {
        timers_changed_.wait(lock);
        continue;
      }
      const Duration left = timers_.begin()->first.first - clock_.Now();
      if (left > Duration::zero()) {
        timers_changed_.wait_for(lock, std::min<Duration>(left, std::chrono::seconds(1)));
        continue;
      }
      lock.unlock();
      RunDueTimers();
      lock.lock();
    }
  }

  Status Poll(const CallContext& call, int fd, short events, SteadyTime until) {
    const int wake = BorrowWake();
    call.waiter->SetWakeFd(wake);
    Status status = PollWithWake(call, {{{fd, events, 0}, {wake, POLLIN, 0}}}, until);
    call.waiter->SetWakeFd(-1);
    const std::lock_guard lock(mutex_);
    wakes_.push_back(wake);
    return status;
  }

  // Wake descriptors stay open until the end: a stop may write to one a little late.
  int BorrowWake() {
    const std::lock_guard lock(mutex_);
    if (wakes_.empty()) {
      return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }
    const int wake = wakes_.back();
    wakes_.pop_back();
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t drained = read(wake, &count, sizeof count);
    return wake;
  }

  Status PollWithWake(const CallContext& call, std::array<pollfd, 2> fds, SteadyTime until) {
    for (;;) {
      const SteadyTime now = clock_.Now();
      RETURN_IF_ERROR(call.waiter->Check());
      if (call.deadline.HasPassed(now)) {
        return DeadlineExceeded("the deadline passed while waiting");
      }
      if (now >= until) {
        return OkStatus();
      }
      const Duration left = std::min(std::min(until, call.deadline.at()) - now, kPollStep);
      timespec timeout{};
      timeout.tv_nsec = static_cast<long>(left.count());
      const int ready = ppoll(fds.data(), fds.size(), &timeout, nullptr);
      if (ready < 0 && errno == EINTR && call.interrupt.WantsToStop()) {
        call.waiter->Stop(StopCause::kCancelled);
      } else if (ready > 0 && fds[0].revents != 0) {
        return OkStatus();
      }
    }
  }

  Clock clock_;
  std::atomic<size_t> job_count_{0};
  std::mutex mutex_;
  std::condition_variable timers_changed_;
  std::map<std::pair<SteadyTime, uint64_t>, Job> timers_;
  std::vector<std::thread> jobs_;
  std::thread timer_thread_;
  std::vector<int> wakes_;
  std::vector<LogLine> logs_;
  uint64_t last_timer_ = 0;
  bool is_ending_ = false;
  PollThread poll_thread_;  // ends first
};

}  // namespace mecha::test
