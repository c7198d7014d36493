// SPDX-License-Identifier: Apache-2.0
// A broker's server that dies and comes back. Nothing to do for brokers without one.
#include <set>
#include <thread>

#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

using std::chrono::milliseconds;

struct ServerWorld {
  BackEnd back_end{ServerUse::kOwn};
  BrokerRuntime runtime{back_end};
  BrokerClient broker = runtime.client();
  Server& server = *back_end.server();
};

#define RETURN_WITHOUT_SERVER()          \
  if (kHarness.server.empty()) {         \
    SUCCEED("the broker has no server"); \
    return;                              \
  }                                      \
  static_assert(true)

mecha_call Within(milliseconds timeout) {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = std::chrono::nanoseconds(timeout).count();
  return call;
}

// Publishes once the server answers again; false when it never does.
bool PublishInTime(const BrokerClient& broker, const std::string& data) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < until) {
    if (broker.Publish("orders", data).ok()) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  return false;
}

// Takes until all of `wanted` were accepted; what may come twice is accepted twice.
bool HandlesAll(Subscriber& subscriber, std::set<std::string> wanted) {
  while (!wanted.empty()) {
    const Request request = subscriber.Next();
    if (request.id == 0) {
      return false;
    }
    if (subscriber.Reply(request.id) == MECHA_OK) {
      wanted.erase(request.data());
    }
  }
  return true;
}

TEST_CASE("publishing to a dead server fails in time and says so") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  REQUIRE(world.broker.Publish("orders", "x").ok());
  world.server.Kill();
  const mecha_call call = Within(milliseconds(700));
  for (int i = 0; i < 2; ++i) {
    const Answer answer = world.broker.Publish("orders", Text("y"), &call);
    CHECK((answer.status == MECHA_UNAVAILABLE || answer.status == MECHA_DEADLINE_EXCEEDED));
    CHECK_FALSE(answer.error.empty());
  }
  world.server.Restart();
  CHECK(PublishInTime(world.broker, "z"));
}

TEST_CASE("a subscription outlives its server, and no acknowledged message is lost") {
  RETURN_WITHOUT_SERVER();
  ServerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.credit = 1;
  Subscriber subscriber(world.runtime.get(), setup);
  for (const std::string round : {"1", "2"}) {
    REQUIRE(world.broker.PublishAll("orders", {"a" + round, "b" + round}));
    const Request held = subscriber.Next();
    REQUIRE(held.id != 0);
    world.server.Kill();
    world.server.Restart();
    REQUIRE(PublishInTime(world.broker, "c" + round));
    std::set<std::string> wanted = {"c" + round};
    if (!kHarness.forgets) {
      wanted.insert({"a" + round, "b" + round});
    }
    if (subscriber.Reply(held.id) == MECHA_OK) {
      wanted.erase(held.data());
    }
    CHECK(HandlesAll(subscriber, wanted));
  }
}

}  // namespace
}  // namespace conformance
