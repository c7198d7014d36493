// SPDX-License-Identifier: Apache-2.0
#include "in_memory_pub_sub.h"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/cloud_event.h"
#include "support/catch.h"
#include "support/moment.h"
#include "support/pub_sub_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using namespace mecha::test;

struct Broker {
  explicit Broker(int depth = 100000)
      : settings(MakeSettings(MECHA_COMPONENT_TYPE, {{"queueDepth", std::to_string(depth)}})) {
    started = broker.Init(call.context, settings, host);
  }
  ~Broker() {
    if (started.ok()) {
      broker.Close();
    }
  }

  TestHost host;
  TestCall call;
  Settings settings;
  InMemoryPubSub broker;
  PubSubUser user{broker};
  Status started;
};

// A subscription with its recorder. Destroying it ends both.
struct Subscription {
  Subscription(Broker& world, std::string_view topic, std::string_view group, size_t credit = 0)
      : feed(*world.user.Subscribe(topic, group, recorder)) {
    if (credit > 0) {
      recorder.Request(*feed, credit);
    }
  }
  ~Subscription() { End(); }
  void End() {
    if (feed != nullptr) {
      PubSubUser::End(feed, recorder).IgnoreError();
    }
  }
  Status Settle(const Settlement& settlement) { return PubSubUser::Settle(*feed, settlement); }

  FeedRecorder recorder;
  std::unique_ptr<Feed> feed;
};

TEST_CASE("Every group gets every message and its members share them") {
  Broker world;
  Subscription first(world, "orders", "billing", 10);
  Subscription second(world, "orders", "billing", 10);
  Subscription other(world, "orders", "shipping", 10);
  Subscription elsewhere(world, "returns", "billing", 10);
  for (const char* text : {"a", "b", "c", "d"}) {
    REQUIRE(*world.user.Publish("orders", text) == "");
  }
  // Who waits is served in turn, before Publish returns.
  CHECK(first.recorder.payloads() == "a c");
  CHECK(second.recorder.payloads() == "b d");
  CHECK(other.recorder.payloads() == "a b c d");
  CHECK(elsewhere.recorder.count() == 0);
  const auto outcomes = world.user.PublishMany(
      "orders", {MessageOf("e"), MessageOf("f"), MessageOf("g"), MessageOf("h")});
  REQUIRE(outcomes->size() == 4);
  CHECK((*outcomes)[3].ok());
  CHECK(first.recorder.payloads() == "a c e f");
  CHECK(second.recorder.payloads() == "b d g h");
  CHECK(other.recorder.payloads() == "a b c d e f g h");
  CHECK(other.recorder.most_at_once() == 4);
  for (Subscription* one : {&first, &second, &other, &elsewhere}) {
    CHECK(one->recorder.Complaints() == "");
  }
}

// A place where handlers take messages, when the test says so.
class Place final : public Executor {
 public:
  void Post(Job job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
  }
  // Those that are there now.
  void Run() {
    std::vector<Job> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(jobs_);
    }
    for (Job& job : jobs) {
      std::move(job)();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<Job> jobs_;
};

TEST_CASE("Handlers with a place of their own deliver there, in pieces and in order") {
  Broker world;
  Subscription one(world, "orders", "billing");
  const auto place = std::make_shared<Place>();
  one.feed->DeliverOn(place);
  one.recorder.Request(*one.feed, 1000);
  std::string all;
  for (int i = 0; i < 200; ++i) {
    REQUIRE(world.user.Publish("orders", std::to_string(i)).ok());
    all += (i == 0 ? "" : " ") + std::to_string(i);
  }
  CHECK(one.recorder.count() == 0);
  CHECK(place->size() == 1);  // one job for all of them
  for (int i = 0; i < 10 && place->size() > 0; ++i) {
    place->Run();
  }
  CHECK(one.recorder.payloads() == all);
  CHECK(one.recorder.most_at_once() == 64);
  CHECK(place->size() == 0);
  std::vector<Settlement> settlements;
  for (const Delivery& delivery : one.recorder.deliveries()) {
    settlements.push_back(DoneWith(delivery));
  }
  settlements.push_back({.number = 1234567});
  std::vector<Status> statuses;
  Done<std::vector<Status>> done = [&](StatusOr<std::vector<Status>> told) { statuses = *told; };
  REQUIRE(one.feed->SettleMany(settlements, done));
  REQUIRE(statuses.size() == 201);
  CHECK(statuses[0].ok());
  CHECK(statuses[199].ok());
  CHECK(IsNotFound(statuses[200]));
  CHECK(one.recorder.Complaints() == "");
}

TEST_CASE("Handlers that move leave nothing behind") {
  Broker world;
  Subscription one(world, "orders", "billing");
  const auto first = std::make_shared<Place>();
  const auto second = std::make_shared<Place>();
  one.feed->DeliverOn(first);
  one.recorder.Request(*one.feed, 10);
  REQUIRE(world.user.Publish("orders", "a").ok());
  one.feed->DeliverOn(second);
  second->Run();
  CHECK(one.recorder.payloads() == "a");
  REQUIRE(world.user.Publish("orders", "b").ok());
  one.feed->DeliverOn(nullptr);  // to no one place: an I/O thread goes on
  REQUIRE(one.recorder.Await(2));
  REQUIRE(world.user.Publish("orders", "c").ok());
  REQUIRE(one.recorder.Await(3));  // that thread may still be at it
  CHECK(one.recorder.payloads() == "a b c");
  one.feed->DeliverOn(first);
  REQUIRE(world.user.Publish("orders", "d").ok());
  one.End();
  first->Run();  // finds the feed stopped
  second->Run();
  CHECK(one.recorder.payloads() == "a b c");
  CHECK(first.use_count() == 1);
  Subscription next(world, "orders", "billing", 10);
  CHECK(next.recorder.at(3).payload.view() == "d");
  CHECK(next.recorder.at(3).attempt == 1);
}

TEST_CASE("A group keeps its messages while nobody consumes them") {
  Broker world;
  CHECK(world.user.Publish("orders", "before any group").ok());
  { Subscription brief(world, "orders", "billing"); }
  CHECK(world.user.Publish("orders", "one").ok());
  world.broker.Suspend(false);
  REQUIRE(world.broker.Resume(world.call.context).ok());
  CHECK(world.user.PublishMany("orders", {MessageOf("two")}).ok());
  {
    Subscription again(world, "orders", "billing", 10);
    CHECK(again.recorder.payloads() == "one two");
    CHECK(again.Settle(DoneWith(again.recorder.at(0))).ok());
  }
  {
    // What was in hand and not settled comes once more.
    Subscription last(world, "orders", "billing", 10);
    CHECK(last.recorder.payloads() == "two");
    CHECK(last.recorder.at(0).attempt == 2);
  }
  world.broker.Close();
  REQUIRE(world.broker.Init(world.call.context, world.settings, world.host).ok());
  Subscription fresh(world, "orders", "billing", 10);
  CHECK(fresh.recorder.count() == 0);
}

TEST_CASE("Never more is delivered than was requested") {
  Broker world;
  Subscription one(world, "orders", "billing");
  for (const char* text : {"a", "b", "c", "d"}) {
    CHECK(world.user.Publish("orders", text).ok());
  }
  CHECK(one.recorder.count() == 0);
  one.recorder.Request(*one.feed, 1);
  CHECK(one.recorder.payloads() == "a");
  one.recorder.Request(*one.feed, 2);
  CHECK(one.recorder.payloads() == "a b c");
  one.recorder.Request(*one.feed, 2);
  CHECK(world.user.Publish("orders", "e").ok());
  CHECK(world.user.Publish("orders", "f").ok());
  CHECK(one.recorder.payloads() == "a b c d e");
  CHECK(one.recorder.Complaints() == "");
  CHECK(one.feed->lease() == Duration::zero());
}

// Four messages were published; a, b and c are in hand, a and b for the second time.
struct GivenBack {
  GivenBack() {
    for (const char* text : {"a", "b", "c", "d"}) {
      CHECK(world.user.Publish("orders", text).ok());
    }
    REQUIRE(one.Settle(ReturnOf(one.recorder.at(1))).ok());
    REQUIRE(one.Settle(ReturnOf(one.recorder.at(0))).ok());
    one.recorder.Request(*one.feed, 3);
  }
  ~GivenBack() { CHECK(one.recorder.Complaints() == ""); }

  Broker world;
  Subscription one{world, "orders", "billing", 2};
};

TEST_CASE("A message that is given back returns to its place") {
  GivenBack test;
  Subscription& one = test.one;
  CHECK(one.recorder.payloads() == "a b a b c");
  CHECK(one.recorder.at(0).attempt == 1);
  CHECK(one.recorder.at(2).attempt == 2);
  CHECK(one.recorder.at(4).attempt == 1);
  Subscription two(test.world, "orders", "billing", 10);
  CHECK(two.recorder.payloads() == "d");
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(2))).ok());
  REQUIRE(two.recorder.Await(2));
  CHECK(two.recorder.payloads() == "d a");
  CHECK(two.recorder.at(1).attempt == 3);
  one.End();
  REQUIRE(two.recorder.Await(4));
  CHECK(two.recorder.payloads() == "d a b c");
  CHECK(two.recorder.Complaints() == "");
}

TEST_CASE("A message that is given back for later returns when the time has come") {
  GivenBack test;
  TestHost& host = test.world.host;
  Subscription& one = test.one;
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(4), minutes(10))).ok());
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(2), minutes(5))).ok());
  CHECK(host.timer_count() == 0);  // nobody wants any
  one.recorder.Request(*one.feed, 4);
  CHECK(one.recorder.payloads() == "a b a b c d");
  CHECK(host.timer_count() == 1);
  host.Advance(minutes(5));
  CHECK(one.recorder.payloads() == "a b a b c d a");
  CHECK(one.recorder.at(6).attempt == 3);
  host.Advance(minutes(5));
  CHECK(one.recorder.payloads() == "a b a b c d a c");
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(7), minutes(5))).ok());
  CHECK(host.timer_count() == 1);
  one.End();
  CHECK(host.timer_count() == 0);
  host.Advance(minutes(6));
  Subscription next(test.world, "orders", "billing", 10);
  CHECK(next.recorder.payloads() == "a b c d");  // b is in its place; c is due by now
}

TEST_CASE("A nearer time moves the timer forward") {
  GivenBack test;
  Subscription& one = test.one;
  one.recorder.Request(*one.feed, 10);
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(2), minutes(9))).ok());
  REQUIRE(one.Settle(ReturnOf(one.recorder.at(3), minutes(1))).ok());
  test.world.host.Advance(minutes(1));
  CHECK(one.recorder.payloads() == "a b a b c d b");
  test.world.host.Advance(minutes(8));
  CHECK(one.recorder.payloads() == "a b a b c d b a");
}

TEST_CASE("Nobody waits while messages are there") {
  GivenBack test;
  Subscription two(test.world, "orders", "billing", 1);
  Subscription three(test.world, "orders", "billing", 1);
  Subscription four(test.world, "orders", "billing", 10);
  CHECK(two.recorder.payloads() == "d");
  test.one.End();
  REQUIRE(AwaitThat([&] { return three.recorder.count() + four.recorder.count() == 3; }));
  four.End();
  two.recorder.Request(*two.feed, 5);
  REQUIRE(AwaitThat([&] { return two.recorder.count() + three.recorder.count() == 4; }));
  REQUIRE(two.Settle(ReturnOf(two.recorder.at(0))).ok());
  two.End();
  three.recorder.Request(*three.feed, 5);
  REQUIRE(three.recorder.Await(4));
}

TEST_CASE("A settled number is unknown from then on") {
  Broker world;
  Subscription one(world, "orders", "billing", 10);
  CHECK(world.user.Publish("orders", "a").ok());
  const Delivery first = one.recorder.at(0);
  CHECK(PubSubUser::Renew(*one.feed, {first.number, 77}).value_or(std::vector<uint64_t>{}) ==
        std::vector<uint64_t>{77});
  CHECK(one.Settle(DoneWith(first)).ok());
  CHECK(one.Settle(DoneWith(first)).code() == StatusCode::kNotFound);
  CHECK(one.Settle(ReturnOf(first)).code() == StatusCode::kNotFound);
  CHECK(one.Settle({0, Settlement::Kind::kDone, {}}).code() == StatusCode::kNotFound);
  CHECK(world.user.Publish("orders", "b").ok());
  CHECK(one.Settle(DoneWith(first)).code() == StatusCode::kNotFound);  // its slot is used again
  CHECK(PubSubUser::Renew(*one.feed, {first.number, one.recorder.at(1).number})->size() == 1);
  CHECK(one.Settle(DoneWith(one.recorder.at(1))).ok());
}

TEST_CASE("A full group refuses the message for all groups") {
  Broker world(2);
  Subscription slow(world, "orders", "billing", 1);
  Subscription quick(world, "orders", "shipping", 10);
  CHECK(world.user.Publish("orders", "a").ok());
  CHECK(world.user.Publish("orders", "b").ok());
  const Status refused = world.user.Publish("orders", "c").status();
  CHECK(refused.code() == StatusCode::kResourceExhausted);
  CHECK(std::string(refused.message()).find("group \"billing\" of topic \"orders\" has 2") == 0);
  CHECK(std::string(refused.message()).find("raise queueDepth") != std::string::npos);
  CHECK(quick.recorder.payloads() == "a b");
  for (size_t i = 0; i < 2; ++i) {
    CHECK(quick.Settle(DoneWith(quick.recorder.at(i))).ok());
  }
  CHECK(slow.Settle(DoneWith(slow.recorder.at(0))).ok());
  const auto some = world.user.PublishMany("orders", {MessageOf("d"), MessageOf("e")});
  REQUIRE(some->size() == 2);
  CHECK((*some)[0].ok());
  CHECK((*some)[1].status().code() == StatusCode::kResourceExhausted);
  slow.recorder.Request(*slow.feed, 10);
  CHECK(slow.recorder.payloads() == "a b d");
  // A message that comes back is not refused.
  REQUIRE(slow.Settle(ReturnOf(slow.recorder.at(1), minutes(1))).ok());
  CHECK(world.user.Publish("orders", "f").status().code() == StatusCode::kResourceExhausted);
  world.host.Advance(minutes(1));
  CHECK(slow.recorder.payloads() == "a b d b");
  CHECK(Broker(0).started.code() == StatusCode::kInvalidArgument);
}

TEST_CASE("All that a message carries arrives") {
  Broker world;
  Subscription one(world, "orders", "billing", 10);
  Subscription two(world, "orders", "shipping", 10);
  const std::vector<std::pair<std::string_view, std::string_view>> metadata = {
      {"Priority", "7"}, {"cloudevent.subject", ""}};
  OutgoingMessage message = MessageOf(std::string_view("\0\xff", 2), "customer-7");
  message.content_type = "application/octet-stream";
  message.metadata = metadata;
  const WallTime before = world.host.clock().WallNow();
  REQUIRE(world.user.Publish("orders", message).ok());
  for (Subscription* each : {&one, &two}) {
    const Delivery delivery = each->recorder.at(0);
    CHECK(delivery.payload.view() == std::string_view("\0\xff", 2));
    CHECK(delivery.key == "customer-7");
    CHECK(delivery.content_type == "application/octet-stream");
    CHECK(delivery.metadata == std::vector<std::pair<std::string, std::string>>{
                                   {"priority", "7"}, {"cloudevent.subject", ""}});
    CHECK(delivery.id == "");
    CHECK(*delivery.enqueued >= before);
  }
  CHECK((one.recorder.at(0).payload.data() == two.recorder.at(0).payload.data()));

  OutgoingMessage envelope;
  envelope.event = std::make_shared<const CloudEvent>();
  REQUIRE(world.user.Publish("orders", envelope).ok());
  CHECK((one.recorder.at(1).event == envelope.event));
  CHECK((two.recorder.at(1).event == envelope.event));
  CHECK(one.recorder.at(1).payload.is_null());
  REQUIRE(world.user.Publish("orders", "").ok());
  CHECK(one.recorder.at(2).payload.size() == 0);
}

TEST_CASE("A handler may publish, settle and ask for more where it stands") {
  constexpr int kMessages = 100000;
  Broker world;
  Subscription one(world, "orders", "billing");
  std::atomic<int> left{kMessages};
  Moment all;
  one.recorder.on_deliveries = [&](std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
      one.feed->Settle(DoneWith(delivery), [](Status) {});
      one.recorder.Request(*one.feed, 1);
      if (left.fetch_sub(1) > 1) {
        PubSubUser(world.broker).Publish("orders", delivery.payload.view()).status().IgnoreError();
      } else {
        all.Come();
      }
    }
  };
  one.recorder.Request(*one.feed, 1);
  REQUIRE(world.user.Publish("orders", "again").ok());
  REQUIRE(all.Await());
  CHECK(one.recorder.count() == kMessages);
  one.End();
  CHECK(one.recorder.Complaints() == "");
}

TEST_CASE("Stop reports when no handler runs any more") {
  Broker world;
  Subscription one(world, "orders", "billing");
  Moment entered;
  Moment released;
  one.recorder.on_deliveries = [&](std::span<const Delivery>) {
    entered.Come();
    released.Await();
  };
  one.recorder.Request(*one.feed, 1);
  std::thread publisher(
      [&] { PubSubUser(world.broker).Publish("orders", "a").status().IgnoreError(); });
  REQUIRE(entered.Await());
  CHECK(world.user.Publish("orders", "b").ok());  // does not wait for the handler
  Awaited<bool> stopped;
  one.feed->Stop(stopped.CatchStatus());
  CHECK(!stopped.came());
  one.feed->Request(5);  // has no effect any more
  released.Come();
  CHECK(stopped.Take().ok());
  one.recorder.NoteStopped();
  publisher.join();
  CHECK(one.Settle(DoneWith(one.recorder.at(0))).ok());
  one.feed.reset();
  CHECK(one.recorder.payloads() == "a");
  CHECK(one.recorder.Complaints() == "");

  Subscription inside(world, "orders", "billing");
  Awaited<bool> stopped_inside;
  inside.recorder.on_deliveries = [&](std::span<const Delivery>) {
    inside.feed->Stop(stopped_inside.CatchStatus());
    CHECK_FALSE(stopped_inside.came());
  };
  inside.recorder.Request(*inside.feed, 5);
  CHECK(stopped_inside.Take().ok());
  CHECK(world.user.Publish("orders", "c").ok());
  CHECK(inside.recorder.payloads() == "b");
  inside.feed.reset();
}

TEST_CASE("A publisher does not deliver for ever what others publish") {
  Broker world;
  Subscription one(world, "orders", "billing");
  const std::thread::id here = std::this_thread::get_id();
  std::atomic<int> left{1000};
  Moment elsewhere;
  one.recorder.on_deliveries = [&](std::span<const Delivery>) {
    if (std::this_thread::get_id() != here) {
      elsewhere.Come();
    }
    if (left.fetch_sub(1) > 0) {
      PubSubUser(world.broker).Publish("orders", "more").status().IgnoreError();
    }
  };
  one.recorder.Request(*one.feed, 2000);
  REQUIRE(world.user.Publish("orders", "first").ok());
  CHECK(one.recorder.count() <= 1001);
  REQUIRE(one.recorder.Await(1001));
  CHECK(elsewhere.count() > 0);
  one.End();
}

// A consumer that settles on a thread of its own and returns some messages first.
struct Worker {
  Worker(Broker& world, std::string_view group) : feed_user(world, "orders", group) {
    feed_user.recorder.on_deliveries = [this](std::span<const Delivery> deliveries) {
      const std::lock_guard lock(mutex);
      for (const Delivery& delivery : deliveries) {
        inbox.push_back(delivery);
      }
    };
  }
  void Work(const std::atomic<int>& handled_enough, std::atomic<int>& handled, int enough) {
    feed_user.recorder.Request(*feed_user.feed, 16);
    while (handled_enough.load() < enough) {
      std::vector<Delivery> taken;
      {
        const std::lock_guard lock(mutex);
        taken.swap(inbox);
      }
      for (const Delivery& delivery : taken) {
        const bool gives_back = delivery.attempt == 1 && delivery.payload.view().back() == '7';
        if (gives_back) {
          feed_user.Settle(ReturnOf(delivery)).IgnoreError();
        } else if (feed_user.Settle(DoneWith(delivery)).ok()) {
          mine.emplace_back(delivery.payload.view());
          handled.fetch_add(1);
        }
        feed_user.recorder.Request(*feed_user.feed, 1);
      }
    }
  }

  Subscription feed_user;
  std::mutex mutex;
  std::vector<Delivery> inbox;
  std::vector<std::string> mine;
};

TEST_CASE("With many threads every group handles each message once") {
  constexpr int kPublishers = 4;
  constexpr int kEach = 2500;
  constexpr int kAll = kPublishers * kEach;
  Broker world;
  std::array<std::unique_ptr<Worker>, 3> workers;
  for (auto& worker : workers) {
    worker = std::make_unique<Worker>(world, "billing");
  }
  Subscription watcher(world, "orders", "watching", kAll);
  std::atomic<int> handled{0};
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    threads.emplace_back([&] { worker->Work(handled, handled, kAll); });
  }
  for (int publisher = 0; publisher < kPublishers; ++publisher) {
    threads.emplace_back([&, publisher] {
      PubSubUser user(world.broker);
      for (int i = 0; i < kEach; ++i) {
        const std::string text = std::to_string(publisher) + "/" + std::to_string(i);
        user.Publish("orders", text).status().IgnoreError();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::set<std::string> seen;
  size_t count = 0;
  for (auto& worker : workers) {
    seen.insert(worker->mine.begin(), worker->mine.end());
    count += worker->mine.size();
    worker->feed_user.End();
    CHECK(worker->feed_user.recorder.Complaints() == "");
  }
  CHECK(count == kAll);
  CHECK(seen.size() == kAll);
  REQUIRE(watcher.recorder.Await(kAll));
  std::map<char, int> next;
  bool is_in_order = true;
  for (const Delivery& delivery : watcher.recorder.deliveries()) {
    const std::string text(delivery.payload.view());
    is_in_order = is_in_order && std::stoi(text.substr(2)) == next[text[0]]++;
  }
  CHECK(is_in_order);
  watcher.End();
  CHECK(watcher.recorder.Complaints() == "");
}

TEST_CASE("Threads make topics and groups side by side") {
  Broker world;
  std::atomic<int> arrived{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 300; ++i) {
        const std::string topic = "topic-" + std::to_string(i);
        Subscription mine(world, topic, "group-" + std::to_string(thread), 10);
        PubSubUser(world.broker).Publish(topic, "x").status().IgnoreError();
        arrived.fetch_add(mine.recorder.Await(1) ? 1 : 0);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(arrived.load() == 1200);
}

}  // namespace
}  // namespace MECHA_COMPONENT
