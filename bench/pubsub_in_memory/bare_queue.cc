// SPDX-License-Identifier: Apache-2.0
#include "pubsub_in_memory/bare_queue.h"

#include <utility>

namespace bench {

BareQueue::BareQueue() : handler_([this] { Handle(); }) {}

BareQueue::~BareQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  came_.notify_one();
  handler_.join();
}

void BareQueue::Publish(std::string_view data) {
  std::string copy(data);
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(copy));
    ++open_;
    wakes = std::exchange(is_idle_, false);
  }
  if (wakes) {
    came_.notify_one();
  }
}

void BareQueue::AwaitOpen(size_t most) {
  std::unique_lock lock(mutex_);
  awaited_ = most;
  went_.wait(lock, [&] { return open_ <= most; });
}

void BareQueue::Handle() {
  std::unique_lock lock(mutex_);
  while (true) {
    is_idle_ = messages_.empty();
    came_.wait(lock, [&] { return !messages_.empty() || is_over_; });
    if (messages_.empty()) {
      return;
    }
    const std::string message = std::move(messages_.front());
    messages_.pop_front();
    lock.unlock();
    bytes_ += message.size();
    lock.lock();
    if (--open_ == awaited_) {
      went_.notify_one();
    }
  }
}

}  // namespace bench
