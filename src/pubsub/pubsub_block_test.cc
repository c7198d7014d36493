// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_block.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "contract/cloud_event.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/fake_components.h"
#include "support/test_host.h"

namespace mecha {
namespace {

using test::FakeBackEnd;

class Nobody final : public OperationOwner {
 public:
  void OnOperationEnd(Operation&) override { ++ends; }
  int ends = 0;
};

// What a broker was given, copied.
struct Taken {
  std::string topic;
  std::string payload;
  std::string content_type;
  std::string key;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::optional<std::chrono::milliseconds> ttl;
  std::shared_ptr<const CloudEvent> event;
};

// A block named "messages" in front of a broker that notes what it is given.
struct BlockWorld {
  explicit BlockWorld(const ComponentInfo& info = test::kFakePubSubInfo,
                      PubSubBlockOptions options = {.app_id = "shop", .topic_prefix = "north"})
      : service({.name = "messages", .block = "pubsub", .file = "a.yaml", .line = 3}, info, host,
                owner),
        block(service, component, std::move(options)) {
    back_end.publish = [this](const CallContext& call, std::string_view topic,
                              const OutgoingMessage& message) {
      return Take(call, topic, message);
    };
  }

  PublishOutcome Take(const CallContext& call, std::string_view topic,
                      const OutgoingMessage& message) {
    tries += 1;
    if (wants_to_block && !call.may_block) {
      return WouldBlock();
    }
    const Status status = answer ? answer(message) : OkStatus();
    if (!status.ok()) {
      return status;
    }
    Taken& one = taken.emplace_back();
    one.topic = topic;
    one.payload = message.payload;
    one.content_type = message.content_type;
    one.key = message.key;
    one.metadata = {message.metadata.begin(), message.metadata.end()};
    one.ttl = message.ttl;
    one.event = message.event;
    return std::to_string(taken.size()) + "-0";
  }

  FakeBackEnd back_end;
  test::TestHost host;
  Nobody owner;
  test::FakePubSub component;
  Service service;
  PubSubBlock block;
  std::function<Status(const OutgoingMessage&)> answer;
  std::vector<Taken> taken;
  int tries = 0;
  bool wants_to_block = false;
};

TEST_CASE("a topic must have a name") {
  BlockWorld world;
  CHECK(IsInvalidArgument(world.block.CheckPublish("")));
  CHECK(IsInvalidArgument(world.block.CheckSubscribe("")));
  CHECK(world.block.CheckPublish("created").ok());
  CHECK(world.block.CheckSubscribe("created").ok());
}

Delivery SomeDelivery() {
  Delivery delivery;
  delivery.number = 1;
  delivery.payload = Buffer::CopyOf("bytes");
  delivery.metadata = {{"a", "1"}, {"b", "2"}};
  delivery.key = "k";
  delivery.content_type = "text/xml";
  return delivery;
}

TEST_CASE("a delivery is forwarded as it came") {
  for (const bool may_block : {true, false}) {
    BlockWorld world;
    world.wants_to_block = true;
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = may_block;
    std::optional<Status> outcome;
    {
      const Delivery delivery = SomeDelivery();
      world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
    }
    world.host.WaitForJobs();
    INFO("may block " << may_block);
    REQUIRE(outcome.has_value());
    CHECK(outcome->ok());
    CHECK(world.tries == (may_block ? 1 : 2));
    REQUIRE(world.taken.size() == 1);
    CHECK(world.taken[0].topic == "northdead");
    CHECK(world.taken[0].payload == "bytes");
    CHECK(world.taken[0].content_type == "text/xml");
    CHECK(world.taken[0].key == "k");
    CHECK(world.taken[0].metadata == SomeDelivery().metadata);
  }
}

TEST_CASE("an event is forwarded itself, and a failure is reported as it is") {
  BlockWorld world(test::kFakeMemoryInfo);
  Waiter waiter;
  CallContext call;
  call.waiter = &waiter;
  Delivery delivery;
  delivery.event = std::make_shared<CloudEvent>();
  std::optional<Status> outcome;
  world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
  REQUIRE(world.taken.size() == 1);
  CHECK((world.taken[0].event.get() == delivery.event.get()));
  world.answer = [](const OutgoingMessage&) { return Unavailable("no route"); };
  world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
  CHECK(IsUnavailable(*outcome));
  CHECK(delivery.event.use_count() == 2);  // ours and the one taken
}

}  // namespace
}  // namespace mecha
