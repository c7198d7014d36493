// SPDX-License-Identifier: Apache-2.0
#include "async/timer_queue.h"

namespace mecha {

uint64_t TimerQueue::Add(SteadyTime at, Job job) {
  const uint64_t timer = ++last_;
  jobs_.emplace(std::pair(at, timer), std::move(job));
  due_.emplace(timer, at);
  return timer;
}

Job TimerQueue::Cancel(uint64_t timer) {
  const auto found = due_.find(timer);
  if (found == due_.end()) {
    return nullptr;
  }
  auto node = jobs_.extract({found->second, timer});
  due_.erase(found);
  return std::move(node.mapped());
}

std::optional<SteadyTime> TimerQueue::NextAt() const {
  if (jobs_.empty()) {
    return std::nullopt;
  }
  return jobs_.begin()->first.first;
}

std::vector<Job> TimerQueue::TakeDue(SteadyTime now) {
  std::vector<Job> due;
  while (!jobs_.empty() && jobs_.begin()->first.first <= now) {
    auto first = jobs_.extract(jobs_.begin());
    due_.erase(first.key().second);
    due.push_back(std::move(first.mapped()));
  }
  return due;
}

std::vector<Job> TimerQueue::TakeAll() { return TakeDue(SteadyTime::max()); }

}  // namespace mecha
