// SPDX-License-Identifier: Apache-2.0
// What handlers saw, one line per handling, in the order they were called. Any thread.
#ifndef MECHA_TESTS_GOLDEN_CPP_INBOX_H
#define MECHA_TESTS_GOLDEN_CPP_INBOX_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace golden {

class Inbox {
 public:
  void Add(std::string line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  // Waits until there are `count` lines or `patience` is over, and takes them all.
  std::vector<std::string> Take(std::size_t count,
                                std::chrono::seconds patience = std::chrono::seconds(30)) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return lines_.size() >= count; });
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

}  // namespace golden

#endif  // MECHA_TESTS_GOLDEN_CPP_INBOX_H
