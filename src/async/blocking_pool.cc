// SPDX-License-Identifier: Apache-2.0
#include "async/blocking_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mecha {
namespace {

constexpr auto kIdleLife = std::chrono::seconds(5);

}  // namespace

BlockingPool::BlockingPool(const ThreadOptions& thread_options, size_t most_threads)
    : thread_options_(thread_options), most_threads_(most_threads) {}

BlockingPool::~BlockingPool() { Finish(); }

void BlockingPool::Post(Job job) {
  std::list<Thread> ended;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (idle_ >= jobs_.size()) {
      has_work_.notify_one();
      return;
    }
    ended = TakeEnded();
    if (threads_.size() < most_threads_) {
      StartThread();
    }
  }
  // After the lock: such a thread may still be inside the host's hook.
  for (Thread& thread : ended) {
    thread.Join();
  }
}

void BlockingPool::StartThread() {
  threads_.emplace_back();
  const auto self = std::prev(threads_.end());
  const std::string name = "mecha-pool-" + std::to_string(++started_);
  if (!self->Start(name, thread_options_, [this, self] { RunWorker(self); }).ok()) {
    // With no thread at all the job waits for the next Post; with one it only waits longer.
    threads_.erase(self);
  }
}

// All but the calling one, which may post from its own last hook.
std::list<Thread> BlockingPool::TakeEnded() {
  std::list<Thread> taken;
  for (auto thread = ended_.begin(); thread != ended_.end();) {
    const auto next = std::next(thread);
    if (!thread->IsCurrent()) {
      taken.splice(taken.end(), ended_, thread);
    }
    thread = next;
  }
  return taken;
}

void BlockingPool::RunWorker(std::list<Thread>::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      std::move(job)();
      job = nullptr;
      lock.lock();
      continue;
    }
    if (is_finishing_) {
      break;
    }
    ++idle_;
    const auto woken = has_work_.wait_for(lock, kIdleLife);
    --idle_;
    if (woken == std::cv_status::timeout && jobs_.empty()) {
      break;
    }
  }
  ended_.splice(ended_.end(), threads_, self);
  has_ended_.notify_all();
}

void BlockingPool::Finish() {
  std::unique_lock lock(mutex_);
  is_finishing_ = true;
  has_work_.notify_all();
  has_ended_.wait(lock, [this] { return threads_.empty(); });
  std::list<Thread> ended = std::move(ended_);
  ended_.clear();
  std::deque<Job> left = std::move(jobs_);
  jobs_.clear();
  is_finishing_ = false;
  lock.unlock();
  for (Thread& thread : ended) {
    thread.Join();
  }
  for (Job& job : left) {
    std::move(job)();
  }
}

size_t BlockingPool::thread_count() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

bool BlockingPool::IsCurrentThread() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(threads_, [](const Thread& thread) { return thread.IsCurrent(); });
}

}  // namespace mecha
