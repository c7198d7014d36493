// SPDX-License-Identifier: Apache-2.0
#include "queue_feed.h"

#include <string>
#include <utility>

#include "result/status.h"

namespace MECHA_COMPONENT {

QueueFeed::QueueFeed(QueueFile& file, const SubscribeRequest& request, const GroupIds& ids,
                     FeedListener& listener)
    : file_(file),
      state_(std::make_shared<FeedState>(
          file, FeedNames{std::string(request.topic), std::string(request.group)}, ids, listener)) {
  file_.feeds()->Add(state_);
}

QueueFeed::~QueueFeed() {
  file_.feeds()->Remove(state_.get());
  state_->End();
}

void QueueFeed::Settle(const Settlement& settlement, Settled done) {
  state_->Settle(settlement, std::move(done));
}

void QueueFeed::Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) {
  state_->Renew(numbers, std::move(lost));
}

}  // namespace MECHA_COMPONENT
