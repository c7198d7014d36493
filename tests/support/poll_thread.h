// SPDX-License-Identifier: Apache-2.0
// PollThread: the I/O thread of TestHost: posted jobs and watched descriptors, one after the other,
// in a poll loop. Simple and slow; its thread ends with it.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "contract/host.h"

namespace mecha::test {

class PollThread {
 public:
  PollThread() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~PollThread() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    Wake();
    if (thread_.joinable()) {
      thread_.join();
    }
    close(wake_);
  }
  PollThread(const PollThread&) = delete;
  PollThread& operator=(const PollThread&) = delete;

  void Post(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    Start();
  }
  uint64_t Watch(int fd, OnReady on_ready) {
    const std::lock_guard lock(mutex_);
    watches_.emplace(++last_, Watched{fd, 0, std::move(on_ready)});
    Start();
    return last_;
  }
  void Await(uint64_t watch, short events) {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(watch);
    if (found != watches_.end()) {
      found->second.awaited = events;
      Wake();
    }
  }
  void Unwatch(uint64_t watch) {
    std::unique_lock lock(mutex_);
    if (running_ == watch && std::this_thread::get_id() != thread_.get_id()) {
      ended_.wait(lock, [&] { return running_ != watch; });
    }
    watches_.erase(watch);
  }

 private:
  struct Watched {
    int fd;
    short awaited;
    OnReady on_ready;
  };

  void Wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  }
  void Start() {
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { Run(); });
    }
    Wake();
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
      RunJobs(lock);
      std::vector<pollfd> polled{{wake_, POLLIN, 0}};
      std::vector<uint64_t> numbers{0};
      for (const auto& [number, watched] : watches_) {
        if (watched.awaited != 0) {
          polled.push_back({watched.fd, watched.awaited, 0});
          numbers.push_back(number);
        }
      }
      lock.unlock();
      poll(polled.data(), polled.size(), -1);
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t drained = read(wake_, &count, sizeof count);
      lock.lock();
      for (size_t i = 1; i < polled.size(); ++i) {
        Serve(lock, numbers[i], polled[i].revents);
      }
    }
    RunJobs(lock);
  }

  void RunJobs(std::unique_lock<std::mutex>& lock) {
    while (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      std::move(job)();
      job = nullptr;
      lock.lock();
    }
  }

  // Map nodes stay where they are, and Unwatch by another thread waits for the callback.
  void Serve(std::unique_lock<std::mutex>& lock, uint64_t number, short ready) {
    const auto found = watches_.find(number);
    if (ready == 0 || found == watches_.end() || found->second.awaited == 0) {
      return;
    }
    OnReady on_ready = std::move(found->second.on_ready);
    running_ = number;
    lock.unlock();
    const bool is_broken = (ready & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    on_ready(is_broken ? static_cast<short>(POLLIN | POLLOUT) : ready);
    lock.lock();
    const auto again = watches_.find(number);
    if (again != watches_.end()) {
      again->second.on_ready = std::move(on_ready);
    }
    running_ = 0;
    ended_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  std::deque<Job> jobs_;
  std::map<uint64_t, Watched> watches_;
  uint64_t last_ = 0;
  uint64_t running_ = 0;
  bool is_ending_ = false;
  const int wake_;
  std::thread thread_;
};

}  // namespace mecha::test
