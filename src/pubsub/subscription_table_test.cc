// SPDX-License-Identifier: Apache-2.0
#include "pubsub/subscription_table.h"

#include <array>
#include <thread>

#include "support/catch.h"
#include "support/pubsub/broker_world.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::BrokerWorld;
using test::RawSpec;
using test::ScriptedBroker;
using Kind = Answer::Kind;

struct TableWorld : BrokerWorld {
  TableWorld() {
    table = std::make_shared<SubscriptionTable>(
        host, [this](std::string_view) { return StatusOr<PubSubBlock*>(&block); },
        Strictness::kStrict);
    table->Listen(*registration);
  }
  ~TableWorld() {
    registration->Stop();
    table->Drain(In(0s));
    CHECK(broker.feeds() == 0);
  }
  void ApplyDocument() {
    SubscriptionDocument document;
    document.name = "orders";
    document.spec = RawSpec();
    REQUIRE(table->Apply(document).ok());
  }
  std::shared_ptr<SubscriptionTable> table;
};

TEST_CASE("a document lives while its paths are served", "[subscription_table]") {
  TableWorld world;
  world.ApplyDocument();
  world.table->Reconcile(world.call);
  CHECK(world.table->rows()[0].missing_paths == std::vector<std::string>{"/orders"});
  CHECK(world.broker.feeds() == 0);
  REQUIRE(
      world.table->ServeRoutes(world.call, world.registration, std::array<std::string_view, 1>{"*"})
          .ok());
  CHECK(world.table->rows()[0].is_live);
  CHECK(world.broker.requested() == 64);
  world.registration->SetCredit(0);
  world.registration->SetCredit(100);
  CHECK(world.broker.requested() >= 64);
  CHECK(world.table->Stop(world.call, world.registration).ok());
  CHECK(!world.table->rows()[0].is_live);
  CHECK(world.broker.feeds() == 0);
}

TEST_CASE("what is served after it was stopped is not served", "[subscription_table]") {
  TableWorld world;
  world.registration->Stop();
  CHECK(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).code() ==
        StatusCode::kCancelled);
  CHECK(world.table->rows().empty());
  CHECK(world.broker.feeds() == 0);
  const std::array<std::string_view, 1> paths{"/orders"};
  CHECK(world.table->ServeRoutes(world.call, world.registration, paths).code() ==
        StatusCode::kCancelled);
  const auto other = world.MakeRegistration();
  world.table->Listen(*other);
  CHECK(world.table->ServeRoutes(world.call, other, paths).ok());
}

TEST_CASE("a stop leaves alone what another stop is about to end", "[subscription_table]") {
  TableWorld world;
  REQUIRE(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).ok());
  world.broker.Deliver({ScriptedBroker::Of("a")});
  REQUIRE(world.Take() == "a#1");
  const auto other = world.MakeRegistration();
  SubscriptionSpec bills = RawSpec();
  bills.topic = "bills";
  REQUIRE(world.table->ServeTopics(world.call, other, {bills}).ok());
  world.registration->Stop();  // as its own stop begins
  CallContext call = world.call;
  call.deadline = world.In(50ms);
  CHECK(world.table->Stop(call, other).ok());
  world.table->Reconcile(call);
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.table->Stop(world.call, world.registration).ok());
}

TEST_CASE("a registration can be served at the second try", "[subscription_table]") {
  TableWorld world;
  std::atomic<bool> is_away{true};
  world.broker.subscribe = [&](const CallContext&) {
    return is_away ? Unavailable("") : OkStatus();
  };
  CHECK(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).code() ==
        StatusCode::kUnavailable);
  is_away = false;
  CHECK(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).ok());
  CHECK(world.broker.requested() == 64);
}

TEST_CASE("nothing starts once all rests", "[subscription_table]") {
  TableWorld world;
  CHECK(world.table->Drain(world.In(0s)));
  CHECK(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).code() ==
        StatusCode::kSuspended);
  CHECK(world.broker.feeds() == 0);
  world.table->Resume(world.call);
  CHECK(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).ok());
}

TEST_CASE("coming to rest does not wait for a broker that does not answer",
          "[subscription_table]") {
  TableWorld world;
  test::Moment began;
  world.broker.subscribe = [&](const CallContext& call) {
    began.Come();
    return world.host->Park(call);
  };
  StatusCode code{};
  std::thread server(
      [&] { code = world.table->ServeTopics(world.call, world.registration, {RawSpec()}).code(); });
  REQUIRE(began.Await());
  CHECK(world.table->Drain(world.In(0s)));
  server.join();
  CHECK(code == StatusCode::kSuspended);
}

TEST_CASE("coming to rest waits no longer than its own deadline", "[subscription_table]") {
  TableWorld world;
  REQUIRE(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).ok());
  world.broker.Deliver({ScriptedBroker::Of("a")});
  CHECK(world.Take() == "a#1");
  test::Moment ended;
  std::thread stopper([&] {  // its call has no deadline
    world.table->Stop(world.call, world.registration).IgnoreError();
    ended.Come();
  });
  REQUIRE(AwaitThat([&] { return world.table->rows().empty(); }));
  world.table->Drain(world.In(0s));
  CHECK(ended.Await());
  stopper.join();
  CHECK(world.Reply("a") == StatusCode::kGone);
  CHECK(world.broker.settled() == "1:return");
}

TEST_CASE("a stop that waits for handlers asks the host whether to go on", "[subscription_table]") {
  TableWorld world;
  REQUIRE(world.table->ServeTopics(world.call, world.registration, {RawSpec()}).ok());
  world.broker.Deliver({ScriptedBroker::Of("a")});
  CHECK(world.Take() == "a#1");
  int asked = 0;
  world.call.interrupt = {[](void* user) { return ++*static_cast<int*>(user) == 2 ? 1 : 0; },
                          &asked};
  const Status stopped = world.table->Stop(world.call, world.registration);
  CHECK(stopped.code() == StatusCode::kCancelled);
  CHECK(asked == 2);
  CHECK(world.Reply("a") == StatusCode::kGone);
  CHECK(world.broker.settled() == "1:return");
}

TEST_CASE("a stop waits for handlers although another serves their path now",
          "[subscription_table]") {
  TableWorld world;
  world.ApplyDocument();
  const auto rest = world.MakeRegistration();
  world.table->Listen(*rest);
  REQUIRE(
      world.table
          ->ServeRoutes(world.call, world.registration, std::array<std::string_view, 1>{"/orders"})
          .ok());
  REQUIRE(world.table->ServeRoutes(world.call, rest, std::array<std::string_view, 1>{"*"}).ok());
  world.broker.Deliver({ScriptedBroker::Of("a")});
  CHECK(world.Take() == "a#1");
  StatusCode code{};
  std::thread stopper([&] { code = world.table->Stop(world.call, world.registration).code(); });
  REQUIRE(AwaitThat([&] { return world.registration->is_stopped(); }));
  CHECK(world.Reply("a") == StatusCode::kOk);
  stopper.join();
  CHECK(code == StatusCode::kOk);
  CHECK(world.table->rows()[0].is_live);
  rest->Stop();
}

}  // namespace
}  // namespace mecha
