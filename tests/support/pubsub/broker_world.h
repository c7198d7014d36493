// SPDX-License-Identifier: Apache-2.0
// BrokerWorld: what tests of subscriptions stand on: a scripted broker, its block, and a
// registration whose requests the test takes and answers. Not for product code. One thread.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "inbound/registration.h"
#include "pubsub/pubsub_block.h"
#include "pubsub/scripted_broker.h"
#include "resources/subscription_document.h"
#include "support/moment.h"

namespace mecha::test {

class NoOwner final : public OperationOwner {
 public:
  void OnOperationEnd(Operation&) override {}
};

inline SubscriptionSpec RawSpec(std::string dead_letters = "") {
  SubscriptionSpec spec;
  spec.pubsub_name = "messages";
  spec.topic = "orders";
  spec.default_path = "/orders";
  spec.is_raw = true;
  spec.dead_letter_topic = std::move(dead_letters);
  spec.redelivery.attempts = 2;
  return spec;
}

// A broker, its block, and a registration whose requests the test takes and answers.
struct BrokerWorld {
  explicit BrokerWorld(RegistrationOptions options = {}, const ComponentInfo& info = kScriptedInfo)
      : host(std::make_shared<RuntimeHost>(HostOptions{})),
        requests(std::make_shared<RequestTable>(host->clock())),
        queue(std::make_shared<CompletionQueue>(host, QueueOptions{})),
        registration(MakeRegistration(options)),
        service({.name = "messages", .block = "pubsub", .file = "a.yaml", .line = 3}, info, *host,
                owner),
        block(service, broker, {.app_id = "shop"}) {
    call.waiter = &waiter;
    call.may_block = true;
  }
  ~BrokerWorld() {
    registration->Stop();
    registration->Abandon(nullptr);
    queue->Close();
    queue->AwaitDropped(std::chrono::seconds(1));
    host->pool().Finish();
    host->loop().Finish();
  }

  std::shared_ptr<Registration> MakeRegistration(const RegistrationOptions& options = {}) {
    return std::make_shared<Registration>(host, requests, queue, options);
  }
  // The payloads of the requests that came, parted by blanks; open until Reply.
  std::string Take() {
    std::array<Result*, 16> taken{};
    std::string all;
    const auto count = queue->Poll(taken);
    for (size_t i = 0; count.ok() && i < *count; ++i) {
      auto* request = static_cast<Request*>(taken[i]);
      const std::string payload(request->items()[0].value.view());
      all += (all.empty() ? "" : " ") + payload + "#" + std::to_string(request->items()[0].number);
      ids[payload] = request->id();
      request->Release();
    }
    return all;
  }
  bool AwaitTaken(const std::string& wanted) {
    return AwaitThat([&] { return Take() == wanted; });
  }
  StatusCode Reply(const std::string& payload, Answer::Kind kind = Answer::Kind::kOk,
                   Duration after = {}) {
    return requests->Reply(ids.at(payload), {.whole = {.kind = kind, .retry_after = after}}).code();
  }
  Deadline In(Duration time) const { return Deadline::After(host->clock().Now(), time); }

  std::shared_ptr<RuntimeHost> host;
  std::shared_ptr<RequestTable> requests;
  std::shared_ptr<CompletionQueue> queue;
  std::shared_ptr<Registration> registration;
  NoOwner owner;
  ScriptedBroker broker;
  Service service;
  PubSubBlock block;
  Waiter waiter;
  CallContext call;
  std::map<std::string, uint64_t> ids;
};

}  // namespace mecha::test
