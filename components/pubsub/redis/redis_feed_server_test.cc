// SPDX-License-Identifier: Apache-2.0
// pubsub.redis when consumers, servers and networks do not go on: leases, reclaiming, restarts.
#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pub_sub_fixture.h"
#include "support/fault_proxy.h"
#include "support/redis_group.h"
#ifdef MECHA_TEST_TLS
#include "support/test_authority.h"
#include "support/tls_module.h"
#endif

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using test::Faults;
using Kind = test::Faults::Kind;
using Outgoing = std::vector<OutgoingMessage>;

const Fields kQuick = {{"processingTimeout", "400ms"}, {"redeliverInterval", "50ms"}};

// Settles all that comes as done, and remembers what it was.
class Worker {
 public:
  explicit Worker(Broker& broker, const std::string& consumer = "worker") {
    recorder.on_deliveries = [this](std::span<const Delivery> deliveries) {
      for (const Delivery& delivery : deliveries) {
        {
          const std::lock_guard lock(mutex_);
          seen_.emplace(delivery.payload.view());
        }
        open_.fetch_add(1);
        feed->Settle(DoneWith(delivery), [this](const Status&) { open_.fetch_sub(1); });
      }
    };
    auto subscribed = broker.user.Subscribe("orders", "shop", recorder, consumer);
    REQUIRE(subscribed.ok());
    feed = *std::move(subscribed);
    recorder.Request(*feed, 1'000'000);
  }
  ~Worker() {
    CHECK(PubSubUser::End(feed, recorder).ok());
    CHECK(recorder.Complaints() == "");
    CHECK(open_ == 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool HasSeen(const std::set<std::string>& all) {
    const std::lock_guard lock(mutex_);
    return std::includes(seen_.begin(), seen_.end(), all.begin(), all.end());
  }

  FeedRecorder recorder;
  std::unique_ptr<Feed> feed;

 private:
  std::atomic<int> open_{0};
  std::mutex mutex_;
  std::set<std::string> seen_;
};

// How many times OnHealth changed from well to ill.
size_t Falls(FeedRecorder& recorder) {
  size_t falls = 0;
  bool was_well = true;
  for (const Status& health : recorder.healths()) {
    falls += was_well && !health.ok() ? 1 : 0;
    was_well = health.ok();
  }
  return falls;
}

TEST_CASE("a dead consumer's messages go to others, and then it is removed") {
  PubSubFixture fixture(kQuick);
  const test::TestRedis& server = fixture.server;
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(5, test::MessageOf("m"))).ok());
  server.Command({"XGROUP", "CREATE", "orders", "shop", "0"});
  server.Command({"XREADGROUP", "GROUP", "shop", "dead", "COUNT", "4", "STREAMS", "orders", ">"});
  // One of them is trimmed off the stream: nobody can handle it any more.
  const std::string first = server.Command({"XRANGE", "orders", "-", "+", "COUNT", "1"});
  const size_t id = first.find("\r\n", first.find('$')) + 2;
  server.Command({"XDEL", "orders", first.substr(id, first.find("\r\n", id) - id)});
  Subscriber subscriber(fixture.broker);
  subscriber.Request(10);
  REQUIRE(subscriber.recorder.Await(4));
  CHECK(subscriber.recorder.at(0).attempt == 1);  // the fifth, which nobody had
  for (size_t i = 1; i < 4; ++i) {
    CHECK(subscriber.recorder.at(i).attempt == 2);
  }
  for (size_t i = 0; i < 4; ++i) {
    subscriber.Done(i).IgnoreError();
  }
  CHECK(AwaitThat([&] { return !fixture.HasConsumer("dead"); }));
}

TEST_CASE("what a process left behind comes to the next one of its name at once") {
  PubSubFixture fixture;
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(5, test::MessageOf("m"))).ok());
  fixture.server.Command({"XGROUP", "CREATE", "orders", "shop", "0"});
  fixture.server.Command(
      {"XREADGROUP", "GROUP", "shop", "consumer-1", "COUNT", "3", "STREAMS", "orders", ">"});
  Subscriber subscriber(fixture.broker);
  subscriber.Request(10);
  REQUIRE(subscriber.recorder.Await(5));
  CHECK(subscriber.recorder.at(0).attempt == 2);
  CHECK(fixture.Pending() == 5);
}

TEST_CASE("renewing keeps others away, and who did not renew learns that it lost") {
  const Fields fields = {{"processingTimeout", "1500ms"}, {"redeliverInterval", "50ms"}};
  PubSubFixture fixture(fields);
  Broker second(fixture.server.address(), fields);
  Subscriber one(fixture.broker, "one");
  one.Request(3);
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(3, test::MessageOf("m"))).ok());
  REQUIRE(one.recorder.Await(3));
  Subscriber two(second, "two");
  two.Request(3);
  std::vector<uint64_t> numbers;
  for (const Delivery& delivery : one.recorder.deliveries()) {
    numbers.push_back(delivery.number);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < end) {
    const auto lost = PubSubUser::Renew(*one.feed, numbers);
    REQUIRE(lost.ok());
    CHECK(lost->empty());
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(two.recorder.count() == 0);
  REQUIRE(two.recorder.Await(3));  // the leases end now
  CHECK(two.recorder.at(0).attempt == 2);
  CHECK(IsNotFound(one.Done(0)));
  CHECK(IsNotFound(one.Return(1)));
  const auto lost = PubSubUser::Renew(*one.feed, numbers);
  REQUIRE(lost.ok());
  CHECK(lost->size() == 3);
  CHECK(IsNotFound(one.Done(2)));
  CHECK(fixture.Pending() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(two.Done(i).ok());
  }
  CHECK(fixture.Pending() == 0);
}

TEST_CASE("a server that is killed and comes back has lost nothing") {
  test::RedisServerOptions options;
  options.configuration = {"appendonly yes", "appendfsync always"};
  PubSubFixture fixture({}, options);
  Worker worker(fixture.broker);
  std::set<std::string> published;
  std::atomic<bool> is_over{false};
  std::thread publisher([&] {
    Broker other(fixture.server.address(), {});
    for (int i = 0; !is_over; ++i) {
      const std::string name = "m" + std::to_string(i);
      if (other.user.Publish("orders", name).ok()) {
        published.insert(name);
      }
    }
  });
  for (int round = 0; round < 3; ++round) {
    const size_t before = worker.recorder.count();
    CHECK(worker.recorder.Await(before + 50));
    fixture.server.Kill();
    CHECK(worker.recorder.AwaitHealth(static_cast<size_t>(2 * round + 1)));
    fixture.server.Restart();
    CHECK(worker.recorder.AwaitHealth(static_cast<size_t>(2 * round + 2)));
  }
  is_over = true;
  publisher.join();
  CHECK(AwaitThat([&] { return worker.HasSeen(published); }));
  CHECK(AwaitThat([&] { return fixture.Pending() == 0; }));
  CHECK(worker.recorder.healths().size() == 6);
  CHECK(fixture.broker.host.logs().empty());
}

TEST_CASE("a stream that was deleted is made again, and said once") {
  PubSubFixture fixture;
  Subscriber subscriber(fixture.broker);
  subscriber.Request(10);
  REQUIRE(fixture.broker.user.Publish("orders", "before").ok());
  REQUIRE(subscriber.recorder.Await(1));
  fixture.server.Command({"FLUSHALL"});
  REQUIRE(subscriber.recorder.AwaitHealth(2));
  const std::vector<Status> healths = subscriber.recorder.healths();
  CHECK(IsUnavailable(healths[0]));
  CHECK(healths[0].message().find("\"orders\"") != std::string_view::npos);
  CHECK(healths[1].ok());
  REQUIRE(fixture.broker.user.Publish("orders", "after").ok());
  REQUIRE(subscriber.recorder.Await(2));
  CHECK(subscriber.recorder.at(1).payload.view() == "after");
  CHECK(IsNotFound(
            PubSubUser::Renew(*subscriber.feed, {subscriber.recorder.at(0).number}).status()) ==
        false);
  CHECK(subscriber.Done(1).ok());
  CHECK(subscriber.recorder.healths().size() == 2);
}

TEST_CASE("late, cut and torn replies cost connections, but no message") {
  test::TestRedis server;
  test::FaultProxy proxy(server.port());
  Broker direct(server.address(), {});
  Broker broker(proxy.address(), {{"readTimeout", "300ms"},
                                  {"dialTimeout", "300ms"},
                                  {"processingTimeout", "1s"},
                                  {"redeliverInterval", "100ms"}});
  Worker worker(broker);
  proxy.Set({{Kind::kDelay, 30, milliseconds(40)},
             {Kind::kTruncate, 10},
             {Kind::kCut, 10},
             {Kind::kDuplicate, 10},
             {Kind::kSilence, 20}});
  std::set<std::string> published;
  for (int i = 0; i < 1500; ++i) {
    const std::string name = "m" + std::to_string(i);
    REQUIRE(direct.user.Publish("orders", name).ok());
    published.insert(name);
    std::this_thread::sleep_for(milliseconds(1));
  }
  CHECK(AwaitThat([&] { return worker.HasSeen(published); }));
  CHECK(proxy.struck() > 20);
  proxy.Set({});
  CHECK(AwaitThat([&] {
    return server.Command({"XPENDING", "orders", "shop"}).starts_with("*4\r\n:0\r\n");
  }));
  CHECK(AwaitThat([&] {
    const std::vector<Status> healths = worker.recorder.healths();
    return healths.empty() || healths.back().ok();
  }));
  // Each change once, however many tries failed.
  CHECK(worker.recorder.healths().size() <= 2 * Falls(worker.recorder));
  CHECK(broker.host.logs().empty());
}

TEST_CASE("a reply too large is asked for again in parts") {
  PubSubFixture fixture;
  const std::string large(2'500'000, 'x');
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(30, test::MessageOf(large))).ok());
  Subscriber subscriber(fixture.broker);
  subscriber.Request(30);
  REQUIRE(subscriber.recorder.Await(30));
  for (size_t i = 0; i < 30; ++i) {
    CHECK(subscriber.Done(i).ok());
  }
  CHECK(fixture.Pending() == 0);
}

TEST_CASE("while the server stands still Stop and the end of the feed do not wait for it long") {
  PubSubFixture fixture(Fields{{"readTimeout", "300ms"}, {"dialTimeout", "300ms"}});
  Subscriber subscriber(fixture.broker);
  subscriber.Request(2);
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(2, test::MessageOf("m"))).ok());
  REQUIRE(subscriber.recorder.Await(2));
  fixture.server.Pause();
  test::Awaited<bool> settled;
  subscriber.feed->Settle(DoneWith(subscriber.recorder.at(0)), settled.CatchStatus());
  test::Awaited<std::vector<uint64_t>> renewed;
  const uint64_t numbers[] = {subscriber.recorder.at(1).number};
  subscriber.feed->Renew(numbers, renewed.Catch());
  subscriber.End();
  CHECK(settled.came());
  CHECK(renewed.came());
  CHECK(IsUnavailable(settled.Take().status()));
  CHECK_FALSE(renewed.Take().ok());
  fixture.server.Continue();
}

TEST_CASE("an end while there is no server gives everything back when its lease ends") {
  PubSubFixture fixture;
  {
    Subscriber subscriber(fixture.broker);
    subscriber.Request(1);
    fixture.server.Kill();
    REQUIRE(subscriber.recorder.AwaitHealth(1));
    CHECK(IsUnavailable(subscriber.recorder.healths()[0]));
  }
  fixture.server.Restart();
}

TEST_CASE("a subscription follows the master") {
  test::RedisGroup group;
  Broker broker(group.addresses(),
                {{"failover", "true"}, {"sentinelMasterName", test::RedisGroup::kMasterName}});
  Worker worker(broker);
  REQUIRE(broker.user.Publish("orders", "before").ok());
  CHECK(AwaitThat([&] { return worker.HasSeen({"before"}); }));
  SECTION("that an operator chose") { group.FailOver(); }
  SECTION("that took over from a dead one") {
    test::TestRedis& old = group.Master();
    old.Kill();
    REQUIRE(group.AwaitOtherMaster(old));
  }
  REQUIRE(AwaitThat([&] { return broker.user.Publish("orders", "after").ok(); }));
  CHECK(AwaitThat([&] { return worker.HasSeen({"before", "after"}); }));
}

#ifdef MECHA_TEST_TLS
TEST_CASE("all goes over TLS when the settings say so") {
  const test::TestAuthority authority;
  const test::TestFolder folder;
  const test::TestIdentity identity = authority.Issue({.names = {"127.0.0.1"}});
  const std::string ca = folder.Write("ca.pem", authority.certificate());
  test::TestRedis server({.tls = {"tls-cert-file " + folder.Write("s.pem", identity.certificate),
                                  "tls-key-file " + folder.Write("s.key", identity.key),
                                  "tls-ca-cert-file " + ca, "tls-auth-clients no"}});
  auto module = test::LoadTlsModule();
  REQUIRE(module.ok());
  Broker broker(server.tls_address(), {{"enableTLS", "true"}, {"caCert", ca}}, module->get());
  Worker worker(broker);
  const std::string large(1'000'000, 'x');
  REQUIRE(broker.user.PublishMany("orders", Outgoing(20, test::MessageOf("small"))).ok());
  REQUIRE(broker.user.Publish("orders", large).ok());
  CHECK(AwaitThat([&] { return worker.HasSeen({"small", large}); }));
  CHECK(worker.recorder.Await(21));
}
#endif

}  // namespace
}  // namespace MECHA_COMPONENT
