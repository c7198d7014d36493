// SPDX-License-Identifier: Apache-2.0
// Topic: the groups of one topic and their messages, under one lock. It lives until the component
// closes, and longer while a timer or a job still looks at it. It decides who gets what; Consumer
// does the delivering. Safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/short_mutex.h"
#include "consumer.h"
#include "contract/host.h"
#include "message_queue.h"
#include "result/status.h"
#include "stored_message.h"

namespace MECHA_COMPONENT {

// Competing consumers, and what they have not handled. Guarded by its topic's lock.
struct Group {
  explicit Group(std::string_view group_name) : name(group_name) {}

  const std::string name;
  MessageQueue waiting;
  size_t open = 0;  // in the hands of its consumers
  std::vector<Consumer*> consumers;
  size_t turn = 0;  // whose turn it is among them
  uint64_t timer = 0;
  SteadyTime timer_at = SteadyTime::max();  // max: there is no timer
  uint64_t timer_count = 0;                 // tells a timer that it was replaced
};

class Topic : public std::enable_shared_from_this<Topic> {
 public:
  Topic(std::string_view name, size_t queue_depth, Host& host);

  const std::string& name() const { return name_; }
  Host& host() const { return host_; }
  ShortMutex& mutex() { return mutex_; }

  // Gives each message to every group, or to none: then its outcome says why. Delivers on this
  // thread to those who wait.
  void Publish(std::span<StoredMessage> messages, std::span<Status> outcomes);
  // A new member of a group, which is made if it is not there.
  std::shared_ptr<Consumer> Join(std::string_view group, FeedListener& listener);
  void DeliverOn(Consumer& consumer, std::shared_ptr<Executor> handlers);
  void Request(Consumer& consumer, size_t more);
  Status Settle(Consumer& consumer, const Settlement& settlement);
  std::vector<Status> SettleMany(Consumer& consumer, std::span<const Settlement> settlements);
  std::vector<uint64_t> Lost(const Consumer& consumer, std::span<const uint64_t> numbers);
  void Stop(Consumer& consumer, Settled stopped);
  // After Stop has reported: what the consumer still had in hand goes back.
  void Leave(Consumer& consumer);
  // Drops everything. No consumer is left.
  void Close();

  // Under the lock: makes ready what was given back for a time that has come.
  void ReleaseDue(Group& group);
  // Under the lock: sees to it that somebody wakes when the next message of `group` is due.
  void ArmTimer(Group& group);
  // Under the lock: leaves what is ready to those who wait, by a job: who settles may hold locks
  // that a listener needs. Nobody waits while something is ready, after every change.
  void WakeLater(Group& group);

 private:
  Status Check() const;
  void Give(StoredMessage message);
  // Leaves the message in `message` when it is done with.
  Status SettleLocked(Consumer& consumer, const Settlement& settlement,
                      std::optional<StoredMessage>& message);
  void ReturnLater(Group& group, StoredMessage message, Duration delay);
  // The next one that waits for messages, in turn; null when none does.
  static bool IsWaiting(const Group& group);
  static Consumer* NextWaiting(Group& group);
  void OnTimer(Group& group, uint64_t count);
  void CancelTimer(Group& group);
  // Delivers to all that wait; called without the lock.
  void DeliverAll();

  const std::string name_;
  const size_t queue_depth_;
  Host& host_;
  ShortMutex mutex_;
  std::vector<std::unique_ptr<Group>> groups_;
  uint64_t last_sequence_ = 0;
};

}  // namespace MECHA_COMPONENT
