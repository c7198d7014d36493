// SPDX-License-Identifier: Apache-2.0
// RuntimeHost: the Host of one runtime: its clock, loop, pool and waiting set. It outlives the
// runtime's components and every queue made from it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "async/blocking_pool.h"
#include "async/io_loop.h"
#include "async/waiting_set.h"
#include "call/clock.h"
#include "call/clock_watch.h"
#include "call/fork_guard.h"
#include "contract/cryptography.h"
#include "contract/host.h"
#include "telemetry/notices.h"

namespace mecha {

struct HostOptions {
  ThreadOptions threads;
  size_t most_blocking_threads = 16;
  bool host_runs_loop = false;
  // Called when the first component asks, and again after it failed.
  std::function<StatusOr<std::unique_ptr<Cryptography>>()> load_cryptography;
};

class RuntimeHost final : public Host {
 public:
  explicit RuntimeHost(HostOptions options);

  const Clock& clock() const override { return clock_; }
  Status Wait(const CallContext& call, int fd, short events) override;
  Status WaitOnSocket(const CallContext& call, int fd, short events) override;
  StatusOr<ssize_t> Receive(const CallContext& call, int fd, std::span<char> into) override;
  Status Park(const CallContext& call) override;
  Status Sleep(const CallContext& call, Duration time) override;
  void PostBlocking(Job job) override;
  uint64_t RunAfter(Duration delay, Job job) override;
  bool CancelTimer(uint64_t timer) override;
  void Post(Job job) override;
  uint64_t Watch(int fd, OnReady on_ready) override;
  void Await(uint64_t watch, short events) override;
  void Unwatch(uint64_t watch) override;
  void Random(std::span<unsigned char> bytes) override;
  StatusOr<Cryptography*> LoadCryptography() override;
  void Log(Severity severity, std::string_view component, std::string_view message) override;

  // What the clocks showed beside the passing of time, since the start.
  struct ClockGaps {
    uint64_t count = 0;
    ClockWatch::Gap last;
  };
  // Looks at the clocks; a gap is counted and told as a warning. Not while at rest.
  void LookAtClocks();
  ClockGaps clock_gaps() const;
  // In a forked child, at rest: makes the host this process's own.
  void Adopt();

  // Moves the clock and lets timers notice.
  void AdvanceClock(Duration by);
  bool host_runs_loop() const { return options_.host_runs_loop; }
  // A thread that must not block: the loop's own, or one lent to it.
  bool IsRuntimeThread() const { return loop_.IsCurrentThread(); }
  // Any thread that works for the runtime right now, those that may block among them.
  bool IsAtWork() const { return loop_.IsInsideRun() || pool_.IsCurrentThread(); }

  IoLoop& loop() { return loop_; }
  BlockingPool& pool() { return pool_; }
  WaitingSet& waiting() { return waiting_; }
  Notices& notices() { return notices_; }
  const ForkGuard& fork_guard() const { return fork_guard_; }

 private:
  const HostOptions options_;
  ForkGuard fork_guard_;
  Clock clock_;
  Notices notices_;
  mutable std::mutex watch_mutex_;
  ClockWatch watch_{ClockWatch::Read()};
  ClockGaps gaps_;
  std::mutex cryptography_mutex_;
  std::unique_ptr<Cryptography> cryptography_;
  WaitingSet waiting_;
  IoLoop loop_;
  BlockingPool pool_;
};

}  // namespace mecha
