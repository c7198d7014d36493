// SPDX-License-Identifier: Apache-2.0
// IoLoop: runs posted jobs and timers, on its own thread or on threads the host lends. It opens its
// descriptors and starts its thread with the first job, not before. Its jobs must not block.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "async/thread.h"
#include "async/timer_queue.h"
#include "async/watch_table.h"
#include "call/clock.h"
#include "contract/host.h"

namespace mecha {

class IoLoop {
 public:
  // With `host_runs` no thread is ever started; Run does the work.
  IoLoop(const Clock& clock, const ThreadOptions& thread_options, bool host_runs);
  ~IoLoop();

  void Post(Job job);
  // Runs `job` on the calling thread as one that may block: IsCurrentThread is false meanwhile.
  void RunBlocking(Job job);
  uint64_t RunAfter(Duration delay, Job job);
  bool CancelTimer(uint64_t timer);

  // See Host.
  uint64_t Watch(int fd, OnReady on_ready);
  void Await(uint64_t watch, short events);
  void Unwatch(uint64_t watch) { watches_.Remove(watch); }

  // Runs `job` when the callback or the jobs that run now have ended; once for many things to tell.
  // False, and nothing happens, on any other thread than the loop's own.
  bool RunAtTurnEnd(Job job);

  // Runs what is due on the calling thread, waiting at most `timeout` (negative: for ever) for the
  // first piece. Returns how many pieces ran; wakes early, with 0, on Wake, on Finish, and on a
  // signal, which `was_interrupted` tells. Several threads may run at once: each takes one piece at
  // a time.
  int Run(Duration timeout, bool* was_interrupted = nullptr);
  // Makes a waiting Run look at the clock again, which may have been moved.
  void Wake();
  // Readable when Run has something to do; -1 when no descriptor can be had.
  int Descriptor();
  // In a forked child, at rest: descriptors of its own, under the same number, in the place of
  // those it shares with its parent. Threads that were inside Run are the parent's.
  void Adopt();
  // Called now and then, at most once a second, on the thread that runs the loop. Before the first
  // job.
  void SetLookout(std::function<void()> lookout) { lookout_ = std::move(lookout); }

  // True on the loop's own thread, or inside Run, but for jobs that may block.
  bool IsCurrentThread() const;
  // As IsCurrentThread, and also in jobs that may block.
  bool IsInsideRun() const;
  // Ends the thread after the job it runs and closes the descriptors. Where the host runs the loop
  // it waits for the running jobs only. Jobs and timers left stay; later work, or Resume, starts
  // the thread again.
  void Stop();
  // Starts the thread if work was left by Stop.
  void Resume();
  // Stop, then runs the posted jobs that are left on the calling thread and drops timers. Where
  // the host runs the loop, every Run returns at once from now on.
  void Finish();
  bool has_thread() const;

 private:
  void EnsureRunning();
  bool OpenDescriptors();
  void CloseDescriptors();
  void RunUntilStopped();
  void ArmTimer();
  void JoinThread();
  void EndTurn();
  size_t GatherDue();
  size_t GatherDueAt(SteadyTime* at);
  std::deque<Job> Take();
  size_t RunTaken();
  bool WaitForWork(Duration timeout, int* dispatched);

  // A thread inside Run; pthread_t is never 0 here.
  struct Runner {
    std::atomic<pthread_t> thread{};
    std::atomic<bool> may_block{false};
  };
  class RunnerMark;

  const Clock& clock_;
  const ThreadOptions& thread_options_;
  const bool host_runs_;
  mutable std::mutex mutex_;
  std::deque<Job> posted_;
  TimerQueue timers_;
  WatchTable watches_;
  std::vector<Job> turn_ends_;  // the loop's own thread only
  Thread thread_;
  bool is_stopping_ = false;
  bool is_finished_ = false;  // only where the host runs the loop
  int running_ = 0;           // jobs under way on threads of the host's
  std::condition_variable has_ended_;
  SteadyTime armed_at_ = SteadyTime::max();
  std::function<void()> lookout_;
  std::atomic<SteadyTime> looked_at_{SteadyTime{}};
  int epoll_fd_ = -1;
  int event_fd_ = -1;
  int timer_fd_ = -1;
  // More runners than slots go unmarked.
  std::array<Runner, 16> runners_{};
};

}  // namespace mecha
