// SPDX-License-Identifier: Apache-2.0
// QueueFeed: one subscription to the queue. It takes messages when there is credit and something to
// take, one catch at a time, and batches what is settled meanwhile. Everything it writes goes
// through the line of the file's writers; nothing here blocks but the destructor, which waits for
// what is still in that line.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "contract/pub_sub.h"
#include "feed_state.h"
#include "message_rows.h"
#include "queue_file.h"

namespace MECHA_COMPONENT {

class QueueFeed final : public Feed {
 public:
  // `file` and `listener` outlive it.
  QueueFeed(QueueFile& file, const SubscribeRequest& request, const GroupIds& ids,
            FeedListener& listener);
  QueueFeed(const QueueFeed&) = delete;
  QueueFeed& operator=(const QueueFeed&) = delete;
  ~QueueFeed() override;

  void Request(size_t more) override { state_->Request(more); }
  void Settle(const Settlement& settlement, Settled done) override;
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) override;
  Duration lease() const override { return file_.settings().lease; }
  void Stop(Settled stopped) override { state_->Stop(std::move(stopped)); }

 private:
  QueueFile& file_;
  const std::shared_ptr<FeedState> state_;
};

}  // namespace MECHA_COMPONENT
