// SPDX-License-Identifier: Apache-2.0
#include "feed_list.h"

#include <chrono>
#include <utility>

namespace MECHA_COMPONENT {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);

}  // namespace

void FeedList::Add(std::shared_ptr<Sleeper> sleeper) {
  const std::lock_guard lock(mutex_);
  sleepers_.push_back(std::move(sleeper));
  Arm();
}

void FeedList::Remove(const Sleeper* sleeper) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sleepers_, [&](const auto& each) { return each.get() == sleeper; });
  if (sleepers_.empty() && is_armed_ && host_.CancelTimer(timer_)) {
    is_armed_ = false;
  }
}

void FeedList::Wake(std::string_view topic) {
  std::vector<std::shared_ptr<Sleeper>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& sleeper : sleepers_) {
      if (topic.empty() || sleeper->topic() == topic) {
        found.push_back(sleeper);
      }
    }
  }
  for (const auto& sleeper : found) {
    sleeper->Wake();
  }
}

// Under the lock.
void FeedList::Arm() {
  if (is_armed_ || sleepers_.empty()) {
    return;
  }
  is_armed_ = true;
  timer_ = host_.RunAfter(kTick, [self = shared_from_this()] { self->OnTick(); });
}

void FeedList::OnTick() {
  Wake({});
  const std::lock_guard lock(mutex_);
  is_armed_ = false;
  Arm();
}

}  // namespace MECHA_COMPONENT
