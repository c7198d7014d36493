// SPDX-License-Identifier: Apache-2.0
// IoLoop: runs posted jobs and timers, on its own thread or on threads the host lends. It opens its
// descriptors and starts its thread with the first job, not before. Its jobs must not block.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <mutex>

#include "async/thread.h"
#include "async/timer_queue.h"
#include "call/clock.h"
#include "contract/host.h"

namespace mecha {

class IoLoop {
 public:
  // With `host_runs` no thread is ever started; Run does the work.
  IoLoop(const Clock& clock, const ThreadOptions& thread_options, bool host_runs);
  ~IoLoop();

  void Post(Job job);
  uint64_t RunAfter(Duration delay, Job job);
  bool CancelTimer(uint64_t timer);

  // Runs what is due on the calling thread, waiting at most `timeout` (negative: for ever) for the
  // first piece. Returns how many pieces ran; wakes early, with 0, on Wake.
  int Run(Duration timeout);
  // Makes a waiting Run look at the clock again.
  void Wake();
  // Readable when Run has something to do; -1 when no descriptor can be had.
  int Descriptor();

  // True on the loop's own thread, or inside Run.
  bool IsCurrentThread() const;
  // Ends the thread after the job it runs and closes the descriptors (unless the host runs the
  // loop); jobs and timers left stay. Later work, or Resume, starts it again.
  void Stop();
  // Starts the thread if work was left by Stop.
  void Resume();
  // Stop, then runs the posted jobs that are left on the calling thread and drops timers.
  void Finish();
  bool has_thread() const;

 private:
  void EnsureRunning();
  bool OpenDescriptors();
  void CloseDescriptors();
  void RunUntilStopped();
  void ArmTimer();
  void JoinThread();
  bool TakeWork(std::deque<Job>* work);
  void WaitForWork(Duration timeout);

  const Clock& clock_;
  const ThreadOptions& thread_options_;
  const bool host_runs_;
  mutable std::mutex mutex_;
  std::deque<Job> posted_;
  TimerQueue timers_;
  Thread thread_;
  bool is_stopping_ = false;
  SteadyTime armed_at_ = SteadyTime::max();
  int epoll_fd_ = -1;
  int event_fd_ = -1;
  int timer_fd_ = -1;
  // The threads inside Run; pthread_t is never 0 here. More runners than slots go unmarked.
  std::array<std::atomic<pthread_t>, 16> runners_{};
};

}  // namespace mecha
