// SPDX-License-Identifier: Apache-2.0
// FeedState: what a feed knows: its credit, the messages in hand, what waits to be settled. It is
// shared by the feed and by its writes that are under way (feed_writes.h), which tell it how they
// ended. Safe from any thread; the listener and callbacks are called under no lock.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contract/pub_sub.h"
#include "delivery_rows.h"
#include "feed_list.h"
#include "message_rows.h"
#include "queue_file.h"

namespace MECHA_COMPONENT {

struct FeedNames {
  std::string topic;
  std::string group;
};

// A settlement on its way into the file.
struct Settling {
  Settlement settlement;
  Held held;
  Settled done;
  Status outcome{};
};

class FeedState final : public Sleeper, public std::enable_shared_from_this<FeedState> {
 public:
  FeedState(QueueFile& file, FeedNames names, const GroupIds& ids, FeedListener& listener)
      : file_(file), names_(std::move(names)), listener_(listener), ids_(ids) {}

  void Request(size_t more);
  void Settle(const Settlement& settlement, Settled done);
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost);
  void Stop(Settled stopped);
  // Returns when no write of this feed is under way and none will be.
  void End();

  void Wake() override;
  std::string_view topic() const override { return names_.topic; }

  // For its writes.
  QueueFile& file() const { return file_; }
  const FeedNames& names() const { return names_; }
  // Changed by whoever leads the writers only, when the group had to be made anew.
  GroupIds ids() const;
  void SetIds(const GroupIds& ids);
  // Everything that waits to be settled.
  std::vector<Settling> TakeSettling();
  void OnTaken(const Status& status, Catch result);
  void OnSettled(std::span<Settling> settled);
  void OnLost(std::span<const uint64_t> numbers);
  void OnUntaken();
  void Leave();

 private:
  using Lock = std::unique_lock<std::mutex>;

  void TakeOrSleep(Lock lock, bool has_more, std::optional<int64_t> next_due);
  void StartTaking(Lock lock);
  void Pause(Lock lock);
  void Deliver(std::vector<Taken> taken);
  void TellHealth(const Status& health);
  void WakeAfter(Duration delay);
  void OnTimer();

  QueueFile& file_;
  const FeedNames names_;
  FeedListener& listener_;

  mutable std::mutex mutex_;
  std::condition_variable has_left_;
  GroupIds ids_;
  size_t credit_ = 0;
  // A catch is in the line, or its messages are being delivered.
  bool is_taking_ = false;
  // Woken meanwhile: there may be more than the catch saw.
  bool looks_again_ = false;
  // After a failure, until its timer.
  bool is_pausing_ = false;
  bool is_stopping_ = false;
  int failures_ = 0;
  Status health_;
  uint64_t timer_ = 0;
  uint64_t last_number_ = 0;
  int under_way_ = 0;  // writes; End waits for them
  std::unordered_map<uint64_t, Held> held_;
  std::vector<Settling> settling_;
  bool has_settle_write_ = false;
  Settled stopped_;
};

}  // namespace MECHA_COMPONENT
