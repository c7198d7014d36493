// SPDX-License-Identifier: Apache-2.0
// Serving: what a runtime has for inbound work: the requests that are open, the registrations, the
// subscriptions; and their part in the changes of its life. Safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/runtime_host.h"
#include "inbound/registration_table.h"
#include "inbound/request_table.h"
#include "operation/completion_queue.h"
#include "operation/operation.h"
#include "operation/operation_table.h"
#include "pubsub/subscription_table.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

// mecha_serve_options in our terms. Views are the caller's.
struct ServeRequest {
  bool is_topic = false;
  std::string_view component;
  std::vector<std::string_view> names;
  std::vector<std::pair<std::string_view, std::string_view>> settings;
  std::string_view spec;
  RegistrationOptions options;
  std::shared_ptr<CompletionQueue> queue;
};

class Serving {
 public:
  // Messages of registrations, by what became of them.
  using Tally = Registration::Tally;

  Serving(std::shared_ptr<RuntimeHost> host, std::shared_ptr<OperationTable> operations,
          SubscriptionTable::FindBlock find_block, Strictness strictness);

  // A registration and the operation that makes it live. `target` as of other operations.
  struct Begun {
    std::shared_ptr<Registration> registration;
    Prepared prepared;
  };
  StatusOr<Begun> Serve(const Target& target, const CallOptions& call, const ServeRequest& request);
  StatusOr<Prepared> Stop(const Target& target, const CallOptions& call,
                          const std::shared_ptr<Registration>& registration);

  RequestTable& requests() { return *requests_; }
  size_t open_requests() const { return requests_->size(); }
  // For handles, which may outlive the runtime.
  const std::shared_ptr<RegistrationTable>& registrations() const { return registrations_; }
  const std::shared_ptr<SubscriptionTable>& subscriptions() const { return subscriptions_; }

  // Rests: what no handler has goes back, and what handlers have is awaited until the deadline,
  // then abandoned. False when some was.
  bool Drain(Deadline deadline);
  void Resume(Duration timeout);
  void StopAll() { registrations_->StopAll(); }
  Tally tally() const;

 private:
  const std::shared_ptr<RuntimeHost> host_;
  const std::shared_ptr<RequestTable> requests_;
  const std::shared_ptr<RegistrationTable> registrations_;
  const std::shared_ptr<SubscriptionTable> subscriptions_;
};

}  // namespace mecha
