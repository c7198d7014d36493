// SPDX-License-Identifier: Apache-2.0
// SqlitePubSub: pubsub.sqlite, a durable queue in one SQLite file that the processes of a machine
// share without a server. It starts no thread: blocking publishers do the work on their own thread,
// everything else runs on the host's pool. Publishers, takers and acknowledgements that come
// together share one transaction (sqlite/commit_group.h).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/pub_sub.h"
#include "contract/registry.h"
#include "queue_file.h"

namespace MECHA_COMPONENT {

class SqlitePubSub final : public PubSub {
 public:
  ~SqlitePubSub() override { Close(); }

  Status Init(const CallContext& call, const Settings& settings, Host& host) override;
  Status Ping(const CallContext& call) override;
  void Suspend(bool keep_connections) override;
  Status Resume(const CallContext& call) override;
  void Close() override;

  void Publish(const CallContext& call, std::string_view topic, const OutgoingMessage& message,
               Done<std::string> done) override;
  void PublishMany(const CallContext& call, std::string_view topic,
                   std::span<const OutgoingMessage> messages,
                   Done<std::vector<PublishOutcome>> done) override;
  StatusOr<std::unique_ptr<Feed>> Subscribe(const CallContext& call,
                                            const SubscribeRequest& request,
                                            FeedListener& listener) override;

 private:
  std::unique_ptr<QueueFile> file_;
};

}  // namespace MECHA_COMPONENT
