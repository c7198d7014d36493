// SPDX-License-Identifier: Apache-2.0
// FeedInbox: what a plug-in has sent to one feed and the library has not looked at: messages,
// changes of health, ends of tasks. It calls no function of the plug-in.
//
// Nothing is passed on while the plug-in is on the stack, for the listener calls the feed back and
// the plug-in may hold its own locks: an I/O thread does it, in order, one at a time. The plug-in
// is kept to its promises here: no more than was requested, in growing numbers, not after a stop.
// Any thread. Shared by the feed, its tasks and the jobs that empty it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "contract/host.h"
#include "contract/pub_sub.h"
#include "mecha/component.h"
#include "result/done.h"
#include "result/status.h"

namespace mecha {

class PluginTask;

class FeedInbox : public std::enable_shared_from_this<FeedInbox> {
 public:
  FeedInbox(Host& host, FeedListener& listener) : host_(host), listener_(listener) {}
  FeedInbox(const FeedInbox&) = delete;
  FeedInbox& operator=(const FeedInbox&) = delete;

  // From the plug-in. Takes all or none; of a broken promise `fault` says which.
  mecha_status Deliver(std::span<const mecha_delivery> deliveries, std::string_view& fault);
  void TellHealth(Status health);
  // A task of the feed was completed after the function that got it had returned.
  void Report(std::shared_ptr<PluginTask> task);

  // From the library.
  void AddCredit(size_t more);
  void BeginTask();
  void EndTask();
  // Takes no more messages.
  void BeginStop();
  // Runs `stopped` behind all that was taken.
  void EndStop(Settled stopped);
  // Drops what was not passed on, and no more comes; tasks still report.
  void BeginClose();
  // Runs what tasks still have to report, and returns when the last one has. No task begins.
  void EndClose();

 private:
  enum class Phase : uint8_t { kOpen, kStopping, kClosed };
  // One of these.
  struct Entry {
    std::vector<Delivery> deliveries;
    std::optional<Status> health;
    std::shared_ptr<PluginTask> task;
    Settled stopped;
  };
  using Lock = std::unique_lock<std::mutex>;

  mecha_status Check(std::span<const mecha_delivery> deliveries, std::string_view& fault) const;
  void Push(Entry entry);
  void Post();
  void Drain();
  void PassOnFirst(Lock& lock);

  Host& host_;
  FeedListener& listener_;
  std::mutex mutex_;
  std::condition_variable changed_;  // only while it closes
  Phase phase_ = Phase::kOpen;
  std::deque<Entry> entries_;
  bool is_posted_ = false;  // a job will empty it
  bool is_passing_on_ = false;
  bool has_stopped_ = false;  // the plug-in has said so
  size_t credit_ = 0;
  uint64_t last_number_ = 0;
  size_t open_tasks_ = 0;
  StatusCode health_ = StatusCode::kOk;
};

}  // namespace mecha
