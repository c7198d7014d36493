// SPDX-License-Identifier: Apache-2.0
// StreamKeeper: what happens to the deliveries of one subscription that are in hand: they are
// acknowledged, renewed and given back, over the channel that the component's publishers share.
// What is settled at about the same time goes as one command. It reads no entries.
//
// Safe from any thread; nothing here waits. A request under way holds it, so it may outlive its
// feed a little.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "contract/host.h"
#include "contract/pub_sub.h"
#include "keeper_request.h"
#include "redis/redis_channel.h"
#include "stream_commands.h"
#include "stream_hand.h"
#include "stream_options.h"

namespace MECHA_COMPONENT {

class StreamKeeper final : public KeeperJobs, public std::enable_shared_from_this<StreamKeeper> {
 public:
  // `host` outlives it. `patience`: how long a command may take.
  StreamKeeper(Host& host, std::shared_ptr<RedisChannel> channel, StreamPlace place,
               const StreamOptions& options, Duration patience)
      : host_(host),
        channel_(std::move(channel)),
        place_(std::move(place)),
        options_(options),
        patience_(patience) {}

  const StreamPlace& place() const { return place_; }
  StreamHand& hand() { return hand_; }

  void Settle(const Settlement& settlement, Settled done);
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost);
  // Ends the wait for new entries, if there is one.
  void EndWait();
  // The end of the feed: gives back what is in hand and leaves the group, and returns when
  // everybody who waits was told; but for those who are being told further up on this thread.
  void GiveUp();

  void Finish(KeeperJob job, Status status, const std::vector<size_t>& lost) override;

 private:
  // To be settled with the next command of its kind.
  struct Pending {
    StreamHand::Item item;
    KeeperJob::What what = KeeperJob::What::kAcknowledge;
    Settled done;
  };

  void Flush();
  void Submit(KeeperJob job);
  void Tell(const KeeperJob& job, const Status& fallback);
  std::shared_ptr<KeeperCallers> TakeCallers(const std::shared_ptr<KeeperCallers>& callers);
  void NoteTold();
  KeeperJob::What KindOf(const Settlement& settlement, const StreamHand::Item& item) const;
  bool IsLast(const KeeperJob& job);
  void FinishRenewal(const KeeperJob& job, Status status, const std::vector<size_t>& lost);

  Host& host_;
  const std::shared_ptr<RedisChannel> channel_;
  const StreamPlace place_;
  const StreamOptions options_;
  const Duration patience_;
  StreamHand hand_;

  std::mutex mutex_;
  std::vector<Pending> pending_;
  bool is_flush_posted_ = false;
  std::condition_variable told_;
  std::set<std::shared_ptr<KeeperCallers>> waiting_;
  std::atomic<bool> is_over_{false};      // the feed is gone
  std::vector<std::thread::id> telling_;  // one entry for each caller being told
};

}  // namespace MECHA_COMPONENT
