// SPDX-License-Identifier: Apache-2.0
// RedisFeed: one subscription: a reader that takes entries from the server and a keeper of those in
// hand. It does nothing by itself. Safe from any thread.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "contract/pub_sub.h"
#include "stream_keeper.h"
#include "stream_options.h"
#include "stream_reader.h"

namespace MECHA_COMPONENT {

class RedisFeed final : public Feed {
 public:
  RedisFeed(std::shared_ptr<StreamReader> reader, std::shared_ptr<StreamKeeper> keeper,
            const StreamOptions& options)
      : reader_(std::move(reader)), keeper_(std::move(keeper)), options_(options) {}
  // What is in hand goes back, if the server can be told.
  ~RedisFeed() override { keeper_->GiveUp(); }

  void Request(size_t more) override { reader_->Request(more); }
  void Settle(const Settlement& settlement, Settled done) override {
    keeper_->Settle(settlement, std::move(done));
  }
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) override {
    keeper_->Renew(numbers, std::move(lost));
  }
  Duration lease() const override { return options_.processing_timeout; }
  void Stop(Settled stopped) override { reader_->Stop(std::move(stopped)); }

 private:
  const std::shared_ptr<StreamReader> reader_;
  const std::shared_ptr<StreamKeeper> keeper_;
  const StreamOptions options_;
};

}  // namespace MECHA_COMPONENT
