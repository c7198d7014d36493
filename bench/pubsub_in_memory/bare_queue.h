// SPDX-License-Identifier: Apache-2.0
// BareQueue: the peer of pubsub_in_memory: a deque of strings behind a mutex, emptied by a thread
// of its own. It has no groups, no leases, no envelope. One publisher.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bench {

class BareQueue {
 public:
  BareQueue();
  BareQueue(const BareQueue&) = delete;
  BareQueue& operator=(const BareQueue&) = delete;
  ~BareQueue();

  void Publish(std::string_view data);
  // Returns once all but `most` of what was published is handled.
  void AwaitOpen(size_t most);

 private:
  void Handle();

  std::mutex mutex_;
  std::condition_variable came_;
  std::condition_variable went_;
  std::deque<std::string> messages_;
  size_t open_ = 0;
  size_t awaited_ = 0;
  size_t bytes_ = 0;
  bool is_idle_ = false;
  bool is_over_ = false;
  std::thread handler_;
};

}  // namespace bench
