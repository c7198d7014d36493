// SPDX-License-Identifier: Apache-2.0
// PluginFeed: one subscription at a broker of a plug-in, as the contract sees it. What the plug-in
// sends goes through its FeedInbox. Threads as for Feed. It owns what the plug-in's open_feed has
// made; its end waits for callbacks under way and for the plug-in's close_feed, for no task.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "call/deadline.h"
#include "contract/pub_sub.h"
#include "plugins/feed_inbox.h"
#include "plugins/plugin_host.h"
#include "plugins/plugin_outcome.h"
#include "plugins/plugin_type.h"

namespace mecha {

class PluginFeed final : public Feed {
 public:
  // Its place among the feeds of `host`. It has no feed of the plug-in yet.
  PluginFeed(std::shared_ptr<const PluginType> type, std::shared_ptr<PluginHost> host,
             FeedListener& listener);
  ~PluginFeed() override;
  PluginFeed(const PluginFeed&) = delete;
  PluginFeed& operator=(const PluginFeed&) = delete;

  mecha_feed number() const { return number_; }
  // Takes what open_feed has returned.
  void SetSelf(void* self) { self_ = self; }
  void* self() const { return self_; }
  // After the plug-in has subscribed.
  void ReadLease();

  void Request(size_t more) override;
  void Settle(const Settlement& settlement, Settled done) override;
  void Renew(std::span<const uint64_t> numbers, Done<std::vector<uint64_t>> lost) override;
  Duration lease() const override { return lease_; }
  void Stop(Settled stopped) override;

 private:
  const mecha_pubsub_functions& functions() const { return type_->pubsub(); }
  template <class T, class Start>
  void Ask(Duration most_time, ReadOutcome<T> read, size_t expected, Start start, Done<T> done);

  const std::shared_ptr<const PluginType> type_;
  const std::shared_ptr<PluginHost> host_;
  const std::shared_ptr<FeedInbox> inbox_;
  const mecha_feed number_;
  void* self_ = nullptr;
  Duration lease_{0};
};

}  // namespace mecha
