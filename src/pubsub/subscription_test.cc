// SPDX-License-Identifier: Apache-2.0
#include "pubsub/subscription.h"

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

struct World : BrokerWorld {
  explicit World(SubscriptionSpec spec = RawSpec(), RegistrationOptions options = {},
                 const ComponentInfo& info = test::kScriptedInfo)
      : BrokerWorld(options, info) {
    Findings findings(Strictness::kStrict);
    auto router = TopicRouter::Create(spec, findings);
    find = [this](std::string_view) { return registration; };
    Subscription::Way way{block, std::move(spec), "sub", *std::move(router),
                          [this](std::string_view path) { return find(path); }};
    subscription = std::make_shared<Subscription>(std::move(way), host);
  }
  ~World() {
    subscription->BeginStop();
    subscription->Close();
    CHECK(broker.feeds() == 0);
  }
  void Start(size_t window = 8) {
    REQUIRE(subscription->Start(call).ok());
    subscription->SetWindow(window);
  }
  void Deliver(const std::string& payload, const std::string& key = "") {
    Delivery delivery = ScriptedBroker::Of(payload, host->clock().Now());
    delivery.key = key;
    broker.Deliver({delivery});
  }

  std::function<std::shared_ptr<Registration>(std::string_view)> find;
  std::shared_ptr<Subscription> subscription;
};

RegistrationOptions BatchesOf(uint32_t most) {
  return {.is_batch = true, .batch_max = most, .batch_wait = 0ns};
}

TEST_CASE("a handled batch is settled together, and what the broker refused is tried again",
          "[subscription]") {
  World world(RawSpec(), BatchesOf(3));
  std::atomic<int> calls{0};
  world.broker.settle_many = [&](std::span<const Settlement> settlements) {
    ++calls;
    std::vector<Status> statuses(settlements.size());
    statuses[1] = Unavailable("just now");
    statuses[2] = NotFound();  // others have it: over
    return statuses;
  };
  world.Start(4);
  world.broker.Deliver({ScriptedBroker::Of("a"), ScriptedBroker::Of("b"), ScriptedBroker::Of("c")});
  REQUIRE(world.Take() == "a#1");  // the batch, by its first one
  CHECK(world.broker.requested() == 1);
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(calls == 1);
  CHECK(world.broker.requested() == 4);
  CHECK(AwaitThat([&] { return world.broker.settled() == "2:done"; }));
  world.subscription->BeginStop();
  CHECK(world.subscription->AwaitSettled(world.In(60s)));
  CHECK(world.subscription->tally().handled == 3);
}

TEST_CASE("a handled batch that the broker did not take is tried again one by one",
          "[subscription]") {
  World world(RawSpec(), BatchesOf(2));
  world.broker.settle_many = [](std::span<const Settlement>) { return Unavailable("away"); };
  world.Start(4);
  world.broker.Deliver({ScriptedBroker::Of("a"), ScriptedBroker::Of("b")});
  REQUIRE(world.Take() == "a#1");
  CHECK(world.Reply("a") == StatusCode::kOk);
  world.subscription->BeginStop();
  CHECK(world.subscription->AwaitSettled(world.In(60s)));
  const std::string settled = world.broker.settled();
  CHECK((settled == "1:done 2:done" || settled == "2:done 1:done"));
}

TEST_CASE("a handled batch whose feed is gone, or of which all is lost, ends quietly",
          "[subscription]") {
  World world(RawSpec(), BatchesOf(2));
  world.Start(4);
  world.broker.Deliver({ScriptedBroker::Of("a"), ScriptedBroker::Of("b")});
  REQUIRE(world.Take() == "a#1");
  world.subscription->BeginStop();
  world.subscription->Close();
  CHECK(world.Reply("a") == StatusCode::kGone);
  CHECK(world.broker.settled().empty());
}

TEST_CASE("as much is asked for as there is room", "[subscription]") {
  World world;
  world.Start(0);
  CHECK(world.broker.requested() == 0);
  world.subscription->SetWindow(4);
  CHECK(world.broker.requested() == 4);
  world.Deliver("a");
  world.Deliver("b");
  CHECK(world.broker.requested() == 2);
  CHECK(world.Take() == "a#1 b#1");
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.broker.requested() == 3);
  world.subscription->SetWindow(0);
  CHECK(world.Reply("b") == StatusCode::kOk);
  CHECK(world.broker.requested() == 3);
  CHECK(world.broker.settled() == "1:done 2:done");
  CHECK(world.subscription->tally().handled == 2);
}

TEST_CASE("a message is tried again after growing pauses", "[subscription]") {
  World world;
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kRetry) == StatusCode::kOk);
  CHECK(world.Take().empty());
  world.host->AdvanceClock(1s);
  CHECK(world.AwaitTaken("a#2"));
  CHECK(world.Reply("a", Kind::kRetry, 1h) == StatusCode::kOk);
  world.host->AdvanceClock(59min);
  CHECK(world.Take().empty());
  world.host->AdvanceClock(1min);
  CHECK(world.AwaitTaken("a#3"));
  CHECK(world.Reply("a", Kind::kDrop) == StatusCode::kOk);
  CHECK(world.broker.settled() == "1:done");
  CHECK(world.subscription->tally().retried == 2);
  CHECK(world.subscription->tally().dropped == 1);
}

TEST_CASE("a broker that can waits itself, but for the sake of order", "[subscription]") {
  const auto ordering = GENERATE(Ordering::kNone, Ordering::kSerial);
  World world(RawSpec(), {.ordering = ordering}, test::kScriptedDelayInfo);
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kRetry) == StatusCode::kOk);
  CHECK(world.broker.settled() == (ordering == Ordering::kNone ? "1:return+1000" : ""));
}

TEST_CASE("dead letters are safe before the message is over", "[subscription]") {
  World world(RawSpec("dead"));
  std::atomic<bool> is_away{true};
  world.broker.publish = [&](const CallContext&, std::string_view, const OutgoingMessage&) {
    return is_away ? Unavailable("away") : OkStatus();
  };
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kRetry) == StatusCode::kOk);
  world.host->AdvanceClock(1s);
  CHECK(world.AwaitTaken("a#2"));
  CHECK(world.Reply("a", Kind::kRetry) == StatusCode::kOk);
  CHECK(world.broker.settled().empty());
  is_away = false;
  CHECK(AwaitThat([&] {
    world.host->AdvanceClock(1s);
    return world.subscription->tally().dead_lettered == 1;
  }));
  CHECK(AwaitThat([&] { return world.broker.settled() == "1:done"; }));
  CHECK(world.broker.published() == std::vector<std::string>{"dead:a"});
}

TEST_CASE("what cannot be read is tried ever more seldom", "[subscription]") {
  auto spec = RawSpec();
  spec.is_raw = false;
  World world(spec);
  world.Start();
  Delivery broken = ScriptedBroker::Of("{\"specversion\":");
  broken.content_type = "application/cloudevents+json";
  world.broker.Deliver({broken});
  CHECK(world.subscription->tally().malformed == 1);
  world.host->AdvanceClock(1s);
  CHECK(AwaitThat([&] { return world.subscription->tally().malformed == 2; }));
  CHECK(world.Take().empty());
  world.subscription->BeginStop();
  CHECK(world.subscription->AwaitSettled(world.In(1min)));
  CHECK(world.broker.settled() == "1:return");
}

// It is with no handler while it is looked at again.
TEST_CASE("a stop may come while a message is looked at again", "[subscription]") {
  auto spec = RawSpec();
  spec.is_raw = false;
  World world(spec);
  world.Start();
  Delivery broken = ScriptedBroker::Of("{\"specversion\":");
  broken.content_type = "application/cloudevents+json";
  world.broker.Deliver({broken});
  std::thread stopper([&] { world.subscription->BeginStop(); });
  world.host->AdvanceClock(1s);
  stopper.join();
  CHECK(world.subscription->AwaitSettled(world.In(1min)));
  CHECK(world.broker.settled() == "1:return");
}

TEST_CASE("leases are renewed at a third and lost at two thirds", "[subscription]") {
  World world;
  world.broker.lease = 30s;
  std::atomic<bool> is_away{false};
  world.broker.renew = [&](std::span<const uint64_t>) -> StatusOr<std::vector<uint64_t>> {
    return is_away ? StatusOr<std::vector<uint64_t>>(Unavailable("away"))
                   : StatusOr<std::vector<uint64_t>>(std::vector<uint64_t>());
  };
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  for (size_t i = 1; i <= 4; ++i) {
    world.host->AdvanceClock(10s);
    CHECK(AwaitThat([&] { return world.broker.renewals() >= i; }));
  }
  CHECK(world.requests->Check(world.ids["a"]).ok());
  is_away = true;
  const size_t before = world.broker.renewals();
  world.host->AdvanceClock(10s);
  CHECK(AwaitThat([&] { return world.broker.renewals() > before; }));
  CHECK(world.requests->Check(world.ids["a"]).ok());
  world.host->AdvanceClock(10s);
  CHECK(world.requests->Check(world.ids["a"]).code() == StatusCode::kCancelled);
  CHECK(world.Reply("a") == StatusCode::kGone);
  CHECK(AwaitThat([&] { return world.subscription->tally().lost == 1; }));
  CHECK(world.broker.settled().empty());
  CHECK(world.subscription->AwaitHandlers(world.In(1min)));
}

TEST_CASE("what was lost to others is not settled, whatever phase it is in", "[subscription]") {
  World world(RawSpec(), {.ordering = Ordering::kSerial});
  world.broker.lease = 30s;
  world.broker.renew = [](std::span<const uint64_t> numbers) {
    return std::vector<uint64_t>(numbers.begin(), numbers.end());
  };
  world.Start();
  world.Deliver("a");
  world.Deliver("b");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kRetry, 1h) == StatusCode::kOk);
  world.host->AdvanceClock(10s);
  CHECK(AwaitThat([&] { return world.subscription->tally().lost == 2; }));
  CHECK(world.broker.settled().empty());
  world.Deliver("c");
  CHECK(world.Take() == "c#1");
}

TEST_CASE("what was read long ago is looked after first", "[subscription]") {
  World world;
  world.broker.lease = 30s;
  world.broker.renew = [](std::span<const uint64_t> numbers) {
    std::vector<uint64_t> lost;
    std::ranges::copy_if(numbers, std::back_inserter(lost), [](auto n) { return n == 2; });
    return lost;
  };
  world.Start();
  const SteadyTime now = world.host->clock().Now();
  world.broker.Deliver({ScriptedBroker::Of("a", now - 11s), ScriptedBroker::Of("b", now - 11s),
                        ScriptedBroker::Of("c", now)});
  CHECK(world.Take() == "a#1 c#1");
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.broker.settled() == "1:done");
}

TEST_CASE("a stop gives back what no handler has and waits for the rest", "[subscription]") {
  World world(RawSpec(), {.credit = 1});
  world.Start();
  world.Deliver("a");
  world.Deliver("b");
  world.Deliver("c");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kRetry, 1h) == StatusCode::kOk);
  CHECK(world.Take() == "b#1");
  world.subscription->BeginStop();
  CHECK(world.broker.settled() == "1:return 3:unseen");
  CHECK(!world.subscription->AwaitHandlers(world.In(0s)));
  SECTION("the handler answers") { CHECK(world.Reply("b") == StatusCode::kOk); }
  SECTION("the handler says RETRY") { CHECK(world.Reply("b", Kind::kRetry) == StatusCode::kOk); }
  SECTION("it is abandoned") {
    world.subscription->Abandon();
    CHECK(world.requests->Check(world.ids["b"]).code() == StatusCode::kCancelled);
    CHECK(world.Reply("b") == StatusCode::kGone);
  }
  CHECK(world.subscription->AwaitHandlers(world.In(0s)));
  CHECK(world.subscription->AwaitSettled(world.In(1min)));
  world.subscription->Close();
  CHECK(world.broker.feeds() == 0);
}

TEST_CASE("what still comes after the stop goes back", "[subscription]") {
  World world;
  world.Start();
  world.subscription->BeginStop();
  world.Deliver("a");
  CHECK(world.Take().empty());
  CHECK(world.broker.settled() == "1:unseen");
}

TEST_CASE("after the feed has gone a reply is GONE", "[subscription]") {
  World world;
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  world.subscription->BeginStop();
  world.subscription->Close();
  CHECK(world.Reply("a") == StatusCode::kGone);
  CHECK(world.registration->open() == 0);
  CHECK(world.broker.settled().empty());
  CHECK(world.subscription->tally().handled == 0);
}

TEST_CASE("a settlement the broker does not take is sent again, to the same feed only",
          "[subscription]") {
  World world;
  std::atomic<bool> is_away{true};
  world.broker.settle = [&](const Settlement&) { return is_away ? Unavailable("") : OkStatus(); };
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(world.broker.settled() == "1:done");
  SECTION("until it is taken") {
    is_away = false;
    world.host->AdvanceClock(100ms);
    CHECK(AwaitThat([&] { return world.broker.settled() == "1:done"; }));
    world.subscription->BeginStop();
    CHECK(world.subscription->AwaitSettled(world.In(1min)));
  }
  SECTION("until the feed goes") {
    world.subscription->BeginStop();
    CHECK(!world.subscription->AwaitSettled(world.In(0s)));
    world.subscription->Close();
    world.broker.RestartNumbers();
    world.Start();
    world.Deliver("b");
    CHECK(world.Take() == "b#1");
    world.host->AdvanceClock(1min);
    CHECK(world.Reply("b") == StatusCode::kOk);
    CHECK(world.broker.settled().ends_with("1:done"));
    CHECK(world.subscription->tally().handled == 2);
  }
}

TEST_CASE("the feed's outstanding callbacks run while it goes", "[subscription]") {
  World world;
  world.broker.keeps_settlements = true;
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a") == StatusCode::kOk);
  world.subscription->BeginStop();
  CHECK(world.subscription->AwaitHandlers(world.In(0s)));
  CHECK(!world.subscription->AwaitSettled(world.In(0s)));
  world.subscription->Close();
  CHECK(world.subscription->AwaitSettled(world.In(1min)));
}

TEST_CASE("a stop that reports after its feed has gone says nothing of the next feed",
          "[subscription]") {
  World world;
  world.broker.keeps_stops = true;
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  world.subscription->BeginStop();
  CHECK(world.Reply("a") == StatusCode::kOk);
  CHECK(!world.subscription->AwaitSettled(world.In(0s)));
  world.subscription->Close();
  const auto warnings = world.host->notices().Warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].message ==
        "subscription to \"orders\": the broker did not confirm in time that it has ended");
  world.Start();
  world.broker.FinishStop();
  world.Deliver("b");
  CHECK(world.Take() == "b#1");
  CHECK(world.Reply("b") == StatusCode::kOk);
  world.subscription->BeginStop();
  CHECK(!world.subscription->AwaitSettled(world.In(0s)));  // it is this feed's stop that counts
  world.broker.FinishStop();
  CHECK(world.subscription->AwaitSettled(world.In(1min)));
}

TEST_CASE("the end does not wait for dead letters that hang", "[subscription]") {
  World world(RawSpec("dead"));
  test::Moment began;
  test::Moment ended;
  std::atomic<StatusCode> code{StatusCode::kOk};
  world.broker.publish = [&](const CallContext& call, std::string_view, const OutgoingMessage&) {
    began.Come();
    const Status parked = world.host->Park(call);
    code = parked.code();
    ended.Come();
    return parked;
  };
  world.Start();
  world.Deliver("a");
  CHECK(world.Take() == "a#1");
  CHECK(world.Reply("a", Kind::kDrop) == StatusCode::kOk);
  REQUIRE(began.Await());
  world.subscription->BeginStop();
  CHECK(!world.subscription->AwaitSettled(world.In(0s)));
  world.subscription->Close();
  REQUIRE(ended.Await());
  CHECK(code.load() == StatusCode::kCancelled);
  CHECK(world.broker.settled().empty());
}

TEST_CASE("a subscription that hands out and stops loses and keeps nothing", "[subscription]") {
  for (int round = 0; round < 30; ++round) {
    World world;
    world.Start(64);
    std::atomic<bool> is_over{false};
    std::thread handler([&] {
      while (!is_over) {
        std::array<Result*, 16> taken{};
        const auto count = world.queue->Poll(taken);
        for (size_t i = 0; count.ok() && i < *count; ++i) {
          world.requests->Reply(taken[i]->id(), {}).IgnoreError();
          taken[i]->Release();
        }
      }
    });
    std::thread stopper([&] {
      AwaitThat([&] { return world.subscription->tally().handled > 20; });
      world.subscription->BeginStop();
    });
    size_t delivered = 0;
    while (world.subscription->is_live()) {
      world.Deliver("m");
      ++delivered;
    }
    stopper.join();
    const bool has_ended = world.subscription->AwaitHandlers(world.In(1min)) &&
                           world.subscription->AwaitSettled(world.In(1min));
    is_over = true;
    handler.join();
    CHECK(has_ended);
    const std::string settled = world.broker.settled();
    CHECK(static_cast<size_t>(std::ranges::count(settled, ':')) == delivered);
    CHECK(world.registration->open() == 0);
  }
}

}  // namespace
}  // namespace mecha
