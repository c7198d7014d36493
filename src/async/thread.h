// SPDX-License-Identifier: Apache-2.0
// Thread: one named thread with its own stack size, every asynchronous signal blocked, and the
// host's hooks around its life. Join before destruction.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <string>

#include "contract/host.h"
#include "result/status.h"

namespace mecha {

// Blocks every asynchronous signal on this thread for as long as it lives, so that a thread made
// meanwhile never runs with one open.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

struct ThreadOptions {
  size_t stack_bytes = 256 * 1024;
  std::function<void(const char* name)> started;
  std::function<void(const char* name)> stopping;
};

class Thread {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&&) = delete;
  ~Thread() = default;

  // `options` must outlive the thread. RESOURCE_EXHAUSTED when the system refuses one.
  Status Start(const std::string& name, const ThreadOptions& options, Job body);
  bool is_started() const { return is_started_; }
  bool IsCurrent() const { return is_started_ && pthread_equal(thread_, pthread_self()) != 0; }
  void Join();

 private:
  pthread_t thread_{};
  bool is_started_ = false;
};

}  // namespace mecha
