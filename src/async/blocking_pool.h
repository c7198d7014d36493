// SPDX-License-Identifier: Apache-2.0
// BlockingPool: threads for jobs that may block. Grows on demand up to a limit; a thread that finds
// nothing to do for a while ends. Every posted job runs, also during Finish.
#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>

#include "async/thread.h"
#include "contract/host.h"

namespace mecha {

class BlockingPool {
 public:
  BlockingPool(const ThreadOptions& thread_options, size_t most_threads);
  ~BlockingPool();

  void Post(Job job);
  // Runs all that is posted, then ends the threads. A later Post starts new ones.
  void Finish();
  size_t thread_count() const;
  bool IsCurrentThread() const;

 private:
  void RunWorker(std::list<Thread>::iterator self);
  void StartThread();
  std::list<Thread> TakeEnded();

  const ThreadOptions& thread_options_;
  const size_t most_threads_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_;
  std::condition_variable has_ended_;
  std::deque<Job> jobs_;
  std::list<Thread> threads_;
  std::list<Thread> ended_;
  size_t idle_ = 0;
  bool is_finishing_ = false;
  uint64_t started_ = 0;
};

}  // namespace mecha
