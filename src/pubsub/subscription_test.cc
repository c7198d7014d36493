// SPDX-License-Identifier: Apache-2.0
#include "pubsub/subscription.h"

#include <array>
#include <map>
#include <thread>

#include "pubsub/scripted_broker.h"
#include "pubsub/subscription_table.h"
#include "support/catch.h"
#include "support/moment.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::AwaitThat;
using test::ScriptedBroker;
using Kind = Answer::Kind;

class NoOwner final : public OperationOwner {
 public:
  void OnOperationEnd(Operation&) override {}
};

SubscriptionSpec RawSpec(std::string dead_letters = "") {
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
  explicit BrokerWorld(RegistrationOptions options = {},
                       const ComponentInfo& info = test::kScriptedInfo)
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
    queue->AwaitDropped(1s);
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
  StatusCode Reply(const std::string& payload, Kind kind = Kind::kOk, Duration after = {}) {
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
