// SPDX-License-Identifier: Apache-2.0
// pubsub.redis on a server that works: the layout both ways, credit, settlement, groups.
#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pub_sub_fixture.h"
#include "redis/redis_script.h"
#include "stream_scripts.h"

namespace MECHA_COMPONENT {
namespace {

using Outgoing = std::vector<OutgoingMessage>;

TEST_CASE("a message is published as Dapr publishes it") {
  PubSubFixture fixture;
  const auto plain = fixture.broker.user.Publish("orders", "{\"a\":1}");
  REQUIRE(plain.ok());
  CHECK(fixture.server.Command({"XRANGE", "orders", "-", "+"}) ==
        "*1\r\n*2\r\n$" + std::to_string(plain->size()) + "\r\n" + *plain +
            "\r\n*2\r\n$4\r\ndata\r\n$7\r\n{\"a\":1}\r\n");
  const std::vector<std::pair<std::string_view, std::string_view>> metadata = {
      {"rawpayload", "true"}, {"quote", "a\"b\n\xC3\xA4"}};
  OutgoingMessage message = test::MessageOf("x");
  message.metadata = metadata;
  REQUIRE(fixture.broker.user.Publish("other", message).ok());
  const std::string raw = fixture.server.Command({"XRANGE", "other", "-", "+"});
  CHECK(raw.find("$4\r\ndata\r\n$1\r\nx\r\n$8\r\nmetadata\r\n") != std::string::npos);
  CHECK(raw.find("{\"rawpayload\":\"true\",\"quote\":\"a\\\"b\\n\xC3\xA4\"}") != std::string::npos);
}

TEST_CASE("what Dapr's commands publish and leave is read") {
  PubSubFixture fixture;
  const test::TestRedis& server = fixture.server;
  // Another consumer of the group, as a daprd is: it has taken the first entry and handled it.
  server.Command({"XGROUP", "CREATE", "orders", "shop", "0", "MKSTREAM"});
  server.Command({"XADD", "orders", "*", "data", "first"});
  server.Command({"XREADGROUP", "GROUP", "shop", "shop", "COUNT", "100", "STREAMS", "orders", ">"});
  const std::string id = server.Command({"XADD", "orders", "*", "data", "second", "metadata",
                                         R"({"TraceParent":"00-\u00e4\ud83d\ude00","n":"1"})"});
  Subscriber subscriber(fixture.broker);
  subscriber.Request(10);
  REQUIRE(subscriber.recorder.Await(1));
  const Delivery delivery = subscriber.recorder.at(0);
  CHECK(delivery.payload.view() == "second");
  CHECK(delivery.attempt == 1);
  CHECK(id.find(delivery.id) != std::string::npos);
  CHECK(delivery.enqueued.has_value());
  REQUIRE(delivery.metadata.size() == 2);
  CHECK(delivery.metadata[0].first == "traceparent");
  CHECK(delivery.metadata[0].second == "00-\xC3\xA4\xF0\x9F\x98\x80");
  // Dapr acknowledges by group; so do we.
  CHECK(fixture.Pending() == 2);
  CHECK(subscriber.Done(0).ok());
  CHECK(fixture.Pending() == 1);
  CHECK(IsNotFound(subscriber.Done(0)));
}

TEST_CASE("what was published before the first subscription comes, in order, as far as requested") {
  PubSubFixture fixture;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(fixture.broker.user.Publish("orders", std::to_string(i)).ok());
  }
  Subscriber subscriber(fixture.broker);
  subscriber.Request(3);
  REQUIRE(subscriber.recorder.Await(3));
  CHECK(subscriber.recorder.payloads() == "0 1 2");
  // No more is taken from the server than was asked for.
  CHECK(fixture.Pending() == 3);
  subscriber.Request(4);
  subscriber.Request(100);
  REQUIRE(subscriber.recorder.Await(10));
  CHECK(subscriber.recorder.payloads() == "0 1 2 3 4 5 6 7 8 9");
  REQUIRE(fixture.broker.user.Publish("orders", "late").ok());
  REQUIRE(subscriber.recorder.Await(11));
  for (size_t i = 0; i < 11; ++i) {
    CHECK(subscriber.Done(i).ok());
  }
  CHECK(fixture.Pending() == 0);
}

TEST_CASE("many messages go in one flight, and each has its outcome") {
  PubSubFixture fixture;
  const std::string large(3'000'000, 'x');
  const auto outcomes = fixture.broker.user.PublishMany(
      "orders", Outgoing{test::MessageOf("a"), test::MessageOf(large), test::MessageOf("c")});
  REQUIRE(outcomes.ok());
  REQUIRE(outcomes->size() == 3);
  std::set<std::string> ids;
  for (const PublishOutcome& outcome : *outcomes) {
    REQUIRE(outcome.ok());
    ids.insert(*outcome);
  }
  CHECK(ids.size() == 3);
  fixture.server.Command({"SET", "text", "no stream"});
  const auto refused =
      fixture.broker.user.PublishMany("text", Outgoing{test::MessageOf("a"), test::MessageOf("b")});
  REQUIRE(refused.ok());
  CHECK(IsFailedPrecondition(refused->at(1).status()));
  CHECK(IsFailedPrecondition(fixture.broker.user.Publish("text", "a").status()));
  Subscriber subscriber(fixture.broker);
  subscriber.Request(3);
  REQUIRE(subscriber.recorder.Await(3));
  CHECK(subscriber.recorder.at(1).payload.view() == large);
}

TEST_CASE("a publish that may not block goes over the channel, and a long one asks to block") {
  PubSubFixture fixture;
  std::deque<TestCall> calls(300);
  std::vector<test::Awaited<std::string>> answers(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    calls[i].context.may_block = false;
    fixture.broker.pub_sub.Publish(calls[i].context, "orders", test::MessageOf("m"),
                                   answers[i].Catch());
  }
  for (test::Awaited<std::string>& answer : answers) {
    CHECK(answer.Take().ok());
  }
  const std::string large(100'000, 'x');
  test::Awaited<std::string> answer;
  fixture.broker.pub_sub.Publish(calls[0].context, "orders", test::MessageOf(large),
                                 answer.Catch());
  CHECK(answer.Take().status().code() == StatusCode::kWouldBlock);
  CHECK(fixture.server.Command({"XLEN", "orders"}) == ":300\r\n");
}

TEST_CASE("a publish trims the stream to the length or the age of the settings") {
  PubSubFixture fixture(Fields{{"maxLenApprox", "100"}});
  const Outgoing many(1000, test::MessageOf("m"));
  REQUIRE(fixture.broker.user.PublishMany("orders", many).ok());
  CHECK(std::stoi(fixture.server.Command({"XLEN", "orders"}).substr(1)) < 400);
  Broker by_age(fixture.server.address(), {{"streamTTL", "1h"}});
  for (int i = 0; i < 300; ++i) {
    fixture.server.Command({"XADD", "old", "1000000000000-" + std::to_string(i + 1), "data", "m"});
  }
  const auto published = by_age.user.Publish("old", "new");
  if (!published.ok()) {  // Redis before 6.2
    CHECK(published.status().message().find("syntax error") != std::string_view::npos);
    return;
  }
  CHECK(std::stoi(fixture.server.Command({"XLEN", "old"}).substr(1)) < 150);
}

TEST_CASE("a message that is given back comes again, to whoever asks") {
  PubSubFixture fixture;
  Broker second(fixture.server.address(), {});
  Subscriber one(fixture.broker, "one");
  Subscriber two(second, "two");
  one.Request(1);
  REQUIRE(fixture.broker.user.Publish("orders", "m").ok());
  REQUIRE(one.recorder.Await(1));
  SECTION("the same consumer, which has credit") {
    one.Request(1);
    CHECK(one.Return(0).ok());
    REQUIRE(one.recorder.Await(2));
    CHECK(one.recorder.at(1).attempt == 2);
    CHECK(one.Done(1).ok());
  }
  SECTION("a daprd, which claims what was idle for its processingTimeout") {
    CHECK(one.Return(0).ok());
    const std::string claimed = fixture.server.Command(
        {"XCLAIM", "orders", "shop", "shop", "60000", one.recorder.at(0).id});
    CHECK(claimed.find("data\r\n$1\r\nm\r\n") != std::string::npos);
    two.Request(1);
    fixture.server.Command({"XACK", "orders", "shop", one.recorder.at(0).id});
  }
  SECTION("another one") {
    CHECK(one.Return(0).ok());
    two.Request(1);
    REQUIRE(two.recorder.Await(1));
    CHECK(two.recorder.at(0).attempt == 2);
    CHECK(two.recorder.at(0).payload.view() == "m");
    CHECK(IsNotFound(one.Done(0)));
    CHECK(two.Done(0).ok());
  }
  CHECK(fixture.Pending() == 0);
}

TEST_CASE("consumers of a group share its messages, groups do not") {
  PubSubFixture fixture;
  Broker second(fixture.server.address(), {});
  Subscriber one(fixture.broker, "one");
  Subscriber two(second, "two");
  Subscriber other(second, "three", "orders", "archive");
  one.Request(1000);
  two.Request(1000);
  other.Request(1000);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(fixture.broker.user.Publish("orders", std::to_string(i)).ok());
  }
  REQUIRE(other.recorder.Await(200));
  REQUIRE(AwaitThat([&] { return one.recorder.count() + two.recorder.count() >= 200; }));
  std::set<std::string> seen;
  for (const Subscriber* subscriber : {&one, &two}) {
    for (const Delivery& delivery : const_cast<Subscriber*>(subscriber)->recorder.deliveries()) {
      CHECK(seen.emplace(delivery.payload.view()).second);
    }
  }
  CHECK(seen.size() == 200);
}

TEST_CASE("Stop gives back what nobody asked for yet and takes the consumer out of the group") {
  PubSubFixture fixture;
  Subscriber one(fixture.broker, "one");
  one.Request(2);
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(5, test::MessageOf("m"))).ok());
  REQUIRE(one.recorder.Await(2));
  SECTION("what is in hand can be settled afterwards, and then the consumer leaves") {
    test::Awaited<bool> stopped;
    one.feed->Stop(stopped.CatchStatus());
    CHECK(stopped.Take().ok());
    one.recorder.NoteStopped();
    CHECK(one.Done(0).ok());
    CHECK(fixture.HasConsumer("one"));
    CHECK(one.Return(1).ok());
    CHECK_FALSE(fixture.HasConsumer("one\r\n"));
    one.feed.reset();
  }
  SECTION("what is in hand when the feed goes is given back") {
    one.End();
    REQUIRE(AwaitThat([&] { return !fixture.HasConsumer("one\r\n"); }));
    CHECK(fixture.Pending() == 2);
  }
  Subscriber two(fixture.broker, "two");
  two.Request(10);
  REQUIRE(two.recorder.Await(4));
}

TEST_CASE("Stop ends a read that waits, at once") {
  PubSubFixture fixture(Fields{{"redeliverInterval", "0"}, {"processingTimeout", "0"}});
  for (int i = 0; i < 20; ++i) {
    Subscriber one(fixture.broker, "one");
    CHECK(one.feed->lease() == Duration::zero());
    one.Request(10);
    REQUIRE(AwaitThat([&] {
      return fixture.server.Command({"CLIENT", "LIST"}).find("cmd=xreadgroup") != std::string::npos;
    }));
    one.End();
    CHECK_FALSE(fixture.HasConsumer("one"));
  }
}

TEST_CASE("thousands in hand are found, renewed, given back and settled") {
  PubSubFixture fixture;
  const test::TestRedis& server = fixture.server;
  REQUIRE(fixture.broker.user.PublishMany("orders", Outgoing(2500, test::MessageOf("m"))).ok());
  server.Command({"XGROUP", "CREATE", "orders", "shop", "0"});
  // Another process of this name has read all of them and is gone.
  server.Command(
      {"XREADGROUP", "GROUP", "shop", "consumer-1", "COUNT", "2500", "STREAMS", "orders", ">"});
  Subscriber subscriber(fixture.broker);
  subscriber.Request(5000);
  REQUIRE(subscriber.recorder.Await(2500));
  std::vector<uint64_t> numbers;
  for (const Delivery& delivery : subscriber.recorder.deliveries()) {
    CHECK(delivery.attempt == 2);
    numbers.push_back(delivery.number);
  }
  const auto lost = PubSubUser::Renew(*subscriber.feed, numbers);
  REQUIRE(lost.ok());
  CHECK(lost->empty());
  std::vector<test::Awaited<bool>> returns(1200);
  for (size_t i = 0; i < returns.size(); ++i) {
    subscriber.feed->Settle(ReturnOf(subscriber.recorder.at(i)), returns[i].CatchStatus());
  }
  REQUIRE(subscriber.recorder.Await(2500 + returns.size()));
  std::deque<test::Awaited<bool>> settled;
  for (const Delivery& delivery : subscriber.recorder.deliveries()) {
    if (settled.size() < 2500) {
      subscriber.feed->Settle(DoneWith(delivery), settled.emplace_back().CatchStatus());
    }
  }
  size_t good = 0;
  for (test::Awaited<bool>& one : settled) {
    good += one.Take().ok() ? 1 : 0;
  }
  CHECK(good == 1300);  // the others had been given back
  CHECK(fixture.Pending() == 1200);
}

TEST_CASE("a crowd of publishers shares lines, and a suspended broker comes back") {
  PubSubFixture fixture;
  std::atomic<int> good{0};
  const auto publish = [&] {
    PubSubUser user(fixture.broker.pub_sub);
    for (int i = 0; i < 20; ++i) {
      good.fetch_add(user.Publish("orders", "m").ok() ? 1 : 0);
    }
  };
  for (int round = 1; round <= 2; ++round) {
    std::vector<std::thread> crowd;
    for (int i = 0; i < 30; ++i) {
      crowd.emplace_back(publish);
    }
    for (std::thread& thread : crowd) {
      thread.join();
    }
    CHECK(good == round * 600);
    {
      Subscriber subscriber(fixture.broker);
      subscriber.Request(600);
      REQUIRE(subscriber.recorder.Await(600));
    }
    fixture.broker.pub_sub.Suspend(false);
    TestCall call;
    REQUIRE(fixture.broker.pub_sub.Resume(call.context).ok());
  }
}

TEST_CASE("what an ACL forbids is said, and where it can be done without is done without") {
  PubSubFixture fixture;
  const auto broker_as = [&](const std::string& rule) {
    fixture.server.Command(
        {"ACL", "SETUSER", "app", "reset", "on", ">secret", "~*", "+@all", rule});
    return std::make_unique<Broker>(fixture.server.address(),
                                    Fields{{"redisUsername", "app"}, {"redisPassword", "secret"}});
  };
  SECTION("CLIENT: Stop waits until the read ends by itself") {
    const auto broker = broker_as("-client");
    Subscriber subscriber(*broker);
    subscriber.Request(1);
    REQUIRE(broker->user.Publish("orders", "m").ok());
    REQUIRE(subscriber.recorder.Await(1));
    CHECK(subscriber.Done(0).ok());
    subscriber.Request(1);
    subscriber.End();
    CHECK_FALSE(fixture.HasConsumer("consumer-1"));
  }
  SECTION("scripts: there is no group without them") {
    const auto broker = broker_as("-@scripting");
    Subscriber subscriber(*broker);
    subscriber.Request(1);
    REQUIRE(subscriber.recorder.AwaitHealth(1));
    const Status health = subscriber.recorder.healths()[0];
    CHECK(health.code() == StatusCode::kPermissionDenied);
    CHECK(health.message().find("extend the user's ACL") != std::string_view::npos);
    CHECK(broker->host.logs().empty());
  }
  SECTION("groups: there is no subscription") {
    const auto broker = broker_as("-xgroup");
    FeedRecorder recorder;
    CHECK(broker->user.Subscribe("orders", "shop", recorder).status().code() ==
          StatusCode::kPermissionDenied);
    CHECK(broker->user.Publish("orders", "m").ok());
  }
}

TEST_CASE("each script is known to the server by the hash that is sent") {
  test::TestRedis server;
  for (const RedisScript* script : {&kOwnScript, &kTakeScript, &kTidyScript}) {
    CHECK(server.Command({"SCRIPT", "LOAD", std::string(script->text)}) ==
          "$40\r\n" + std::string(script->sha1) + "\r\n");
  }
}

TEST_CASE("a subscription that cannot be says why") {
  PubSubFixture fixture;
  fixture.server.Command({"SET", "text", "no stream"});
  FeedRecorder recorder;
  const Status wrong = fixture.broker.user.Subscribe("text", "shop", recorder).status();
  CHECK(IsFailedPrecondition(wrong));
  CHECK(wrong.message().find("\"shop\" of \"text\"") != std::string::npos);
  CHECK(IsInvalidArgument(fixture.broker.user.Subscribe("", "shop", recorder).status()));
  CHECK(IsInvalidArgument(
      fixture.broker.user.Subscribe("t", "shop", recorder, "mecha:returned").status()));
  fixture.server.Kill();
  CHECK(IsUnavailable(fixture.broker.user.Subscribe("orders", "shop", recorder).status()));
  CHECK(IsUnavailable(fixture.broker.user.Publish("orders", "m").status()));
}

}  // namespace
}  // namespace MECHA_COMPONENT
