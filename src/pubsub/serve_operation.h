// SPDX-License-Identifier: Apache-2.0
// ServeOperation: makes a registration live: subscribes to its topics, or offers its routes.
// StopOperation: ends one. Both wait for brokers and handlers, on the caller's thread or the pool.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inbound/registration.h"
#include "inbound/registration_table.h"
#include "operation/operation.h"
#include "pubsub/subscription_table.h"
#include "resources/subscription_document.h"

namespace mecha {

// Where registrations are kept; each outlives the operation.
struct ServeTables {
  RegistrationTable& registrations;
  std::shared_ptr<SubscriptionTable> subscriptions;
};

// What is served: one of both.
struct Served {
  std::vector<SubscriptionSpec> topics;
  std::vector<std::string> routes;
};

class ServeOperation final : public Operation {
 public:
  ServeOperation(const Target& target, const CallOptions& call, ServeTables tables,
                 std::shared_ptr<Registration> registration, Served served);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  Status Serve();
  std::string Subject() const;

  const ServeTables tables_;
  const std::shared_ptr<Registration> registration_;
  const Served served_;
};

class StopOperation final : public Operation {
 public:
  StopOperation(const Target& target, const CallOptions& call, ServeTables tables,
                std::shared_ptr<Registration> registration);

 protected:
  void Attempt() override;
  void Finish(const Status& status) override;
  std::unique_ptr<Error> MakeError(const Status& status) override;

 private:
  const ServeTables tables_;
  const std::shared_ptr<Registration> registration_;
  ResultItem report_;
};

}  // namespace mecha
