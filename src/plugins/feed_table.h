// SPDX-License-Identifier: Apache-2.0
// FeedTable: the open feeds of one component of a plug-in, by the numbers the plug-in knows them
// by. A number is never used again, so a late delivery finds nothing. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "mecha/component.h"
#include "plugins/feed_inbox.h"

namespace mecha {

class FeedTable {
 public:
  mecha_feed Add(std::shared_ptr<FeedInbox> inbox) {
    const std::lock_guard lock(mutex_);
    inboxes_.emplace(++last_, std::move(inbox));
    return last_;
  }
  void Remove(mecha_feed feed) {
    const std::lock_guard lock(mutex_);
    inboxes_.erase(feed);
  }
  // Null when it is not open.
  std::shared_ptr<FeedInbox> Find(mecha_feed feed) const {
    const std::lock_guard lock(mutex_);
    const auto found = inboxes_.find(feed);
    return found == inboxes_.end() ? nullptr : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<mecha_feed, std::shared_ptr<FeedInbox>> inboxes_;
  mecha_feed last_ = 0;
};

}  // namespace mecha
