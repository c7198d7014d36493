// SPDX-License-Identifier: Apache-2.0
// ResourceOperation: adds, replaces or removes resources while the runtime runs. Subscriptions
// only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operation/operation.h"
#include "pubsub/subscription_table.h"
#include "resources/subscription_document.h"

namespace mecha {

// What is to change: one of both.
struct ResourceChange {
  std::vector<SubscriptionDocument> applied;
  std::string deleted;
};

class ResourceOperation final : public Operation {
 public:
  ResourceOperation(const Target& target, const CallOptions& call,
                    std::shared_ptr<SubscriptionTable> subscriptions, ResourceChange change);

 protected:
  void Attempt() override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  Status Apply();

  const std::shared_ptr<SubscriptionTable> subscriptions_;
  const ResourceChange change_;
};

}  // namespace mecha
