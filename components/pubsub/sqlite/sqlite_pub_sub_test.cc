// SPDX-License-Identifier: Apache-2.0
#include "sqlite_pub_sub.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "message_rows.h"
#include "queue_under_test.h"
#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct World {
  explicit World(Fields fields = {}) : queue(file, host, std::move(fields)) {}

  std::string CountOf(const std::string& table) const {
    return RawDatabase(file).One("SELECT count(*) FROM " + table);
  }

  PrivateFolder folder;
  const std::string file = folder.File("queue.db");
  test::TestHost host;
  QueueUnderTest queue;
};

TEST_CASE("a message arrives with everything that was published with it") {
  World world;
  Consumer consumer(world.queue, "orders", "app", 1);
  std::string every;
  for (int i = 0; i < 256; ++i) {
    every += static_cast<char>(i);
  }
  const std::pair<std::string_view, std::string_view> metadata[] = {
      {"TraceParent", "00-1"}, {"empty", ""}, {"odd:name", "3:a,b\n"}};
  OutgoingMessage message = MessageOf(every, "customer-7");
  message.content_type = "application/cloudevents+json";
  message.metadata = metadata;
  const auto id = world.queue.user().Publish("orders", message);
  REQUIRE(id.ok());
  REQUIRE(consumer.recorder.Await(1));
  const Delivery delivery = consumer.recorder.at(0);
  CHECK(delivery.payload.view() == every);
  CHECK(delivery.id == *id);
  CHECK(delivery.key == "customer-7");
  CHECK(delivery.content_type == "application/cloudevents+json");
  CHECK(delivery.attempt == 1);
  CHECK(delivery.enqueued.has_value());
  CHECK(delivery.held_since > SteadyTime());
  CHECK(delivery.metadata == std::vector<std::pair<std::string, std::string>>{
                                 {"traceparent", "00-1"}, {"empty", ""}, {"odd:name", "3:a,b\n"}});
  CHECK(consumer.Settle(DoneWith(delivery)).ok());
  CHECK(IsNotFound(consumer.Settle(DoneWith(delivery))));
}

TEST_CASE("packed metadata that was damaged loses its end and nothing else") {
  CHECK(UnpackMetadata("1:a1:b1:c9:d") ==
        std::vector<std::pair<std::string, std::string>>{{"a", "b"}});
  CHECK(UnpackMetadata("x").empty());
  CHECK(UnpackMetadata("99999999999999999999:a").empty());
}

TEST_CASE("one consumer sees a topic's messages in order, and no more than it asked for") {
  World world;
  Consumer consumer(world.queue, "t", "app", 3);
  for (const char* text : {"1", "2", "3", "4", "5"}) {
    REQUIRE(world.queue.user().Publish("t", text).ok());
  }
  REQUIRE(world.queue.user().Publish("other", "x").ok());
  REQUIRE(consumer.recorder.Await(3));
  consumer.Request(7);
  REQUIRE(consumer.recorder.Await(5));
  CHECK(consumer.recorder.payloads() == "1 2 3 4 5");
}

TEST_CASE("every group gets each message once, and its consumers share them") {
  World world;
  Consumer first(world.queue, "t", "app", 10);
  Consumer second(world.queue, "t", "app", 10);
  Consumer alone(world.queue, "t", "audit", 20);
  std::vector<OutgoingMessage> messages(20, MessageOf("m"));
  const auto outcomes = world.queue.user().PublishMany("t", messages);
  REQUIRE(outcomes.ok());
  CHECK(outcomes->size() == 20);
  REQUIRE(first.recorder.Await(10));
  REQUIRE(second.recorder.Await(10));
  REQUIRE(alone.recorder.Await(20));
  std::set<std::string> ids;
  for (Consumer* each : {&first, &second}) {
    for (const Delivery& delivery : each->recorder.deliveries()) {
      CHECK(ids.insert(delivery.id).second);
    }
  }
  CHECK(ids.size() == 20);
}

TEST_CASE("a message is kept until every group is done with it, and no longer") {
  World world;
  Consumer one(world.queue, "t", "one", 1);
  Consumer two(world.queue, "t", "two", 1);
  REQUIRE(world.queue.user().Publish("t", "m").ok());
  REQUIRE(one.recorder.Await(1));
  REQUIRE(two.recorder.Await(1));
  CHECK(one.Settle(DoneWith(one.recorder.at(0))).ok());
  CHECK(world.CountOf("mecha_message") == "1");
  CHECK(two.Settle(DoneWith(two.recorder.at(0))).ok());
  CHECK(world.CountOf("mecha_message") == "0");
  CHECK(world.CountOf("mecha_delivery") == "0");
}

TEST_CASE("what is published before any group is there waits for the first group alone") {
  World world;
  REQUIRE(world.queue.user().Publish("t", "early").ok());
  world.host.Advance(hours(100));
  REQUIRE(world.queue.user().Publish("t", "later").ok());
  Consumer first(world.queue, "t", "first", 5);
  REQUIRE(first.recorder.Await(2));
  Consumer second(world.queue, "t", "second", 5);
  REQUIRE(world.queue.user().Publish("t", "now").ok());
  REQUIRE(first.recorder.Await(3));
  REQUIRE(second.recorder.Await(1));
  CHECK(first.recorder.payloads() == "early later now");
  CHECK(second.recorder.payloads() == "now");
}

TEST_CASE("retention limits what waits for the first group, and nothing else") {
  for (const bool has_upkeep : {false, true}) {
    World world;
    REQUIRE(world.queue.user().Publish("t", "old").ok());
    Consumer known(world.queue, "known", "app");
    REQUIRE(world.queue.user().Publish("known", "kept").ok());
    world.host.Advance(hours(169));
    REQUIRE(world.queue.user().Publish("t", "young").ok());
    if (has_upkeep) {
      world.host.Advance(seconds(61));
      REQUIRE(world.queue.user().Publish("x", "any").ok());
      CHECK(world.CountOf("mecha_message WHERE payload = CAST('old' AS BLOB)") == "0");
    }
    Consumer consumer(world.queue, "t", "app", 5);
    REQUIRE(consumer.recorder.Await(1));
    CHECK(consumer.recorder.payloads() == "young");
    known.Request(1);
    CHECK(known.recorder.Await(1));
  }
}

TEST_CASE("with a retention of 0 nothing waits for a first group") {
  World world(Fields{{"retention", "0"}});
  REQUIRE(world.queue.user().Publish("t", "lost").ok());
  Consumer consumer(world.queue, "t", "app", 5);
  REQUIRE(world.queue.user().Publish("t", "seen").ok());
  REQUIRE(consumer.recorder.Await(1));
  CHECK(consumer.recorder.payloads() == "seen");
}

TEST_CASE("a group stays while nobody consumes, also when the file is opened anew") {
  PrivateFolder folder;
  test::TestHost host;
  {
    QueueUnderTest queue(folder.File("q.db"), host);
    { Consumer consumer(queue, "t", "app"); }
    REQUIRE(queue.user().Publish("t", "1").ok());
  }
  QueueUnderTest queue(folder.File("q.db"), host);
  REQUIRE(queue.user().Publish("t", "2").ok());
  Consumer consumer(queue, "t", "app", 2);
  REQUIRE(consumer.recorder.Await(2));
  CHECK(consumer.recorder.payloads() == "1 2");
}

TEST_CASE("a return comes again after its delay, counted, also to another process") {
  World world;
  QueueUnderTest other(world.file, world.host);
  {
    Consumer consumer(world.queue, "t", "app", 2);
    REQUIRE(world.queue.user().PublishMany("t", {MessageOf("slow"), MessageOf("fast")}).ok());
    REQUIRE(consumer.recorder.Await(2));
    CHECK(consumer.Settle(ReturnOf(consumer.recorder.at(0), hours(1))).ok());
    CHECK(consumer.Settle(ReturnOf(consumer.recorder.at(1))).ok());
  }
  Consumer consumer(other, "t", "app", 5);
  REQUIRE(consumer.recorder.Await(1));
  CHECK(consumer.recorder.payloads() == "fast");
  CHECK(consumer.recorder.at(0).attempt == 2);
  CHECK(consumer.Settle(DoneWith(consumer.recorder.at(0))).ok());
  world.host.Advance(hours(1));
  REQUIRE(consumer.recorder.Await(2));
  CHECK(consumer.recorder.at(1).payload.view() == "slow");
  CHECK(consumer.recorder.at(1).attempt == 2);
}

TEST_CASE("a returned message comes before later ones") {
  World world;
  Consumer consumer(world.queue, "t", "app", 2);
  for (const char* text : {"1", "2", "3"}) {
    REQUIRE(world.queue.user().Publish("t", text).ok());
  }
  REQUIRE(consumer.recorder.Await(2));
  CHECK(consumer.Settle(ReturnOf(consumer.recorder.at(0))).ok());
  consumer.Request(2);
  REQUIRE(consumer.recorder.Await(4));
  CHECK(consumer.recorder.payloads() == "1 2 1 3");
}

TEST_CASE("a lease that ends gives the message to another, and the late one is told") {
  World world;
  QueueUnderTest other(world.file, world.host);
  Consumer slow(world.queue, "t", "app", 2);
  REQUIRE(world.queue.user().PublishMany("t", {MessageOf("kept"), MessageOf("lost")}).ok());
  REQUIRE(slow.recorder.Await(2));
  const uint64_t kept = slow.recorder.at(0).number;
  const uint64_t lost = slow.recorder.at(1).number;
  world.host.Advance(seconds(20));
  CHECK(PubSubUser::Renew(*slow.feed, {kept})->empty());
  Consumer quick(other, "t", "app", 5);
  world.host.Advance(seconds(20));
  REQUIRE(quick.recorder.Await(1));
  CHECK(quick.recorder.payloads() == "lost");
  CHECK(quick.recorder.at(0).attempt == 2);
  const auto renewed = PubSubUser::Renew(*slow.feed, {kept, lost, 99});
  REQUIRE(renewed.ok());
  CHECK(std::set(renewed->begin(), renewed->end()) == std::set<uint64_t>{lost, 99});
  CHECK(IsNotFound(slow.Settle(DoneWith(slow.recorder.at(1)))));
  CHECK(slow.Settle(DoneWith(slow.recorder.at(0))).ok());
  CHECK(quick.Settle(DoneWith(quick.recorder.at(0))).ok());
  CHECK(world.CountOf("mecha_message") == "0");
}

TEST_CASE("a lost lease is told to who settles without having renewed") {
  World world;
  Consumer slow(world.queue, "t", "app", 1);
  REQUIRE(world.queue.user().Publish("t", "m").ok());
  REQUIRE(slow.recorder.Await(1));
  world.host.Advance(seconds(31));
  Consumer quick(world.queue, "t", "app", 1);
  REQUIRE(quick.recorder.Await(1));
  CHECK(IsNotFound(slow.Settle(DoneWith(slow.recorder.at(0)))));
  CHECK(IsNotFound(slow.Settle(ReturnOf(slow.recorder.at(0)))));
  CHECK(quick.Settle(DoneWith(quick.recorder.at(0))).ok());
}

TEST_CASE("a clock that was set back keeps nothing away for longer than it was lent for") {
  World world;
  Consumer slow(world.queue, "t", "app", 1);
  REQUIRE(world.queue.user().Publish("t", "m").ok());
  REQUIRE(slow.recorder.Await(1));
  // As if the lease had been written while the clock was a year ahead.
  RawDatabase(world.file).Run("UPDATE mecha_delivery SET until = until + 31536000000");
  Consumer quick(world.queue, "t", "app", 1);
  world.host.Advance(seconds(62));
  REQUIRE(world.queue.user().Publish("other", "upkeep").ok());
  CHECK(quick.recorder.count() == 0);
  world.host.Advance(seconds(31));
  CHECK(quick.recorder.Await(1));
}

TEST_CASE("what expired is not delivered, and leaves the file") {
  World world;
  OutgoingMessage brief = MessageOf("brief");
  brief.ttl = milliseconds(5000);
  Consumer consumer(world.queue, "t", "app");
  REQUIRE(world.queue.user().Publish("t", brief).ok());
  REQUIRE(world.queue.user().Publish("t", "lasting").ok());
  REQUIRE(world.queue.user().Publish("unread", brief).ok());
  world.host.Advance(seconds(6));
  consumer.Request(5);
  REQUIRE(consumer.recorder.Await(1));
  CHECK(consumer.recorder.payloads() == "lasting");
  CHECK(world.CountOf("mecha_message") == "2");
  world.host.Advance(seconds(61));
  REQUIRE(world.queue.user().Publish("other", "upkeep").ok());
  CHECK(world.CountOf("mecha_message WHERE expires IS NOT NULL") == "0");
}

TEST_CASE("a group that was deleted by hand frees what was kept for it alone") {
  World world;
  { Consumer gone(world.queue, "t", "gone"); }
  Consumer stays(world.queue, "t", "stays", 3);
  REQUIRE(world.queue.user().PublishMany("t", std::vector(3, MessageOf("m"))).ok());
  REQUIRE(stays.recorder.Await(3));
  CHECK(stays.Settle(DoneWith(stays.recorder.at(0))).ok());
  {
    Consumer gone(world.queue, "t", "gone", 2);
    REQUIRE(gone.recorder.Await(2));
  }
  CHECK(world.CountOf("mecha_message") == "3");
  RawDatabase(world.file).Run("DELETE FROM mecha_group WHERE name = 'gone'");
  CHECK(world.CountOf("mecha_message") == "2");
  CHECK(world.CountOf("mecha_delivery") == "2");
  CHECK(stays.Settle(DoneWith(stays.recorder.at(1))).ok());
  CHECK(stays.Settle(DoneWith(stays.recorder.at(2))).ok());
  CHECK(world.CountOf("mecha_delivery") == "0");
}

TEST_CASE("Stop gives back what was not delivered, and what was can still be settled") {
  World world;
  auto consumer = std::make_unique<Consumer>(world.queue, "t", "app", 1);
  REQUIRE(world.queue.user().PublishMany("t", {MessageOf("1"), MessageOf("2")}).ok());
  REQUIRE(consumer->recorder.Await(1));
  Awaited<bool> stopped;
  consumer->feed->Stop(stopped.CatchStatus());
  CHECK(stopped.Take().ok());
  consumer->recorder.NoteStopped();
  CHECK(consumer->Settle(DoneWith(consumer->recorder.at(0))).ok());
  consumer->feed.reset();
  Consumer next(world.queue, "t", "app", 2);
  REQUIRE(next.recorder.Await(1));
  CHECK(next.recorder.payloads() == "2");
  CHECK(next.recorder.at(0).attempt == 1);
}

TEST_CASE("a feed that is stopped at any moment loses no message") {
  World world;
  constexpr size_t kMessages = 300;
  { Consumer consumer(world.queue, "t", "app"); }
  REQUIRE(world.queue.user()
              .PublishMany("t", std::vector<OutgoingMessage>(kMessages, MessageOf("m")))
              .ok());
  std::set<std::string> seen;
  for (int round = 0; seen.size() < kMessages && round < 1000; ++round) {
    Consumer consumer(world.queue, "t", "app");
    consumer.Request(7);
    if (round % 3 != 0) {
      consumer.recorder.Await(static_cast<size_t>(round % 3));
    }
    Awaited<bool> stopped;
    consumer.feed->Stop(stopped.CatchStatus());
    CHECK(stopped.Take().ok());
    for (const Delivery& delivery : consumer.recorder.deliveries()) {
      CHECK(delivery.attempt == 1);
      CHECK(seen.insert(delivery.id).second);
      CHECK(consumer.Settle(DoneWith(delivery)).ok());
    }
    consumer.recorder.NoteStopped();
    consumer.feed.reset();
  }
  CHECK(seen.size() == kMessages);
  CHECK(world.CountOf("mecha_delivery") == "0");
}

TEST_CASE("publishers and consumers of all kinds at once neither lose nor double a message") {
  World world;
  QueueUnderTest other(world.file, world.host);
  constexpr size_t kPerThread = 200;
  constexpr size_t kAll = 4 * kPerThread;
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::atomic<size_t> done{0};
  for (QueueUnderTest* queue : {&world.queue, &other}) {
    for (const char* group : {"one", "two"}) {
      consumers.push_back(std::make_unique<Consumer>(*queue, "t", group));
      Consumer& consumer = *consumers.back();
      consumer.recorder.on_deliveries = [&](std::span<const Delivery> deliveries) {
        for (const Delivery& delivery : deliveries) {
          consumer.feed->Settle(DoneWith(delivery),
                                [&](const Status& status) { done += status.ok() ? 1 : 0; });
        }
        consumer.Request(deliveries.size());
      };
      consumer.Request(20);
    }
  }
  std::atomic<size_t> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      QueueUnderTest& queue = t % 2 == 0 ? world.queue : other;
      TestCall call;
      call.context.may_block = t < 2;
      for (size_t i = 0; i < kPerThread; ++i) {
        const OutgoingMessage message = MessageOf("m");
        Awaited<std::string> answer;
        queue.broker().Publish(call.context, "t", message, answer.Catch());
        failures += answer.Take().ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(failures == 0);
  const auto until = std::chrono::steady_clock::now() + seconds(60);
  while (done < 2 * kAll && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  CHECK(done == 2 * kAll);
  std::map<std::string, int> times;
  for (const auto& consumer : consumers) {
    consumer->End();
    for (const Delivery& delivery : consumer->recorder.deliveries()) {
      ++times[delivery.id];
    }
  }
  CHECK(times.size() == kAll);
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& each) { return each.second == 2; }));
  CHECK(world.CountOf("mecha_message") == "0");
}

}  // namespace
}  // namespace MECHA_COMPONENT
