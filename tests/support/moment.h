// SPDX-License-Identifier: Apache-2.0
// Moment: something that happens once, to wait for from another thread. A test that waits longer
// than a minute fails instead of hanging. Safe from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace mecha::test {

class Moment {
 public:
  void Come() {
    const std::lock_guard lock(mutex_);
    ++count_;
    came_.notify_all();
  }
  // True once it has come `count` times.
  bool Await(int count = 1) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  int count_ = 0;
};

// Waits, looking again and again, until `holds` is true; false after a minute.
template <class Holds>
bool AwaitThat(Holds holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace mecha::test
