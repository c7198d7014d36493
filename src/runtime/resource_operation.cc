// SPDX-License-Identifier: Apache-2.0
#include "runtime/resource_operation.h"

#include <utility>

namespace mecha {

ResourceOperation::ResourceOperation(const Target& target, const CallOptions& call,
                                     std::shared_ptr<SubscriptionTable> subscriptions,
                                     ResourceChange change)
    : Operation(Verb::kResource, target, call),
      subscriptions_(std::move(subscriptions)),
      change_(std::move(change)) {}

void ResourceOperation::Attempt() {
  AttemptDone(change_.applied.empty() ? subscriptions_->Delete(context(), change_.deleted)
                                      : Apply());
}

Status ResourceOperation::Apply() {
  for (const SubscriptionDocument& document : change_.applied) {
    RETURN_IF_ERROR(subscriptions_->Apply(document));
  }
  subscriptions_->Reconcile(context());
  return OkStatus();
}

std::unique_ptr<Error> ResourceOperation::MakeError(const Status& status) {
  const std::string what = change_.applied.empty()
                               ? "delete subscription \"" + change_.deleted + "\""
                               : "apply subscription \"" + change_.applied.front().name + "\"";
  return std::make_unique<Error>(Error::From(status, what + ": " + std::string(status.message())));
}

}  // namespace mecha
