// SPDX-License-Identifier: Apache-2.0
// What becomes of a message after its verdict: done, again, dropped, dead; and the replies that do
// not count.
#include <chrono>
#include <set>
#include <thread>

#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

TEST_CASE("RETRY brings a message again, with a growing attempt") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.Publish("orders", "x").ok());
  std::string id;
  for (uint32_t attempt = 1; attempt <= 4; ++attempt) {
    const Request request = subscriber.Next();
    REQUIRE(request.data() == "x");
    CHECK(request.only().attempt == attempt);
    CHECK(request.only().Is(MECHA_REQUEST_REDELIVERED) == (attempt > 1));
    CHECK_FALSE(request.only().Is(MECHA_REQUEST_LAST_ATTEMPT));
    CHECK((id.empty() || id == request.only().id));
    id = request.only().id;
    const uint32_t verdicts[] = {MECHA_VERDICT_RETRY, MECHA_VERDICT_ERROR, MECHA_VERDICT_RETRY,
                                 MECHA_VERDICT_OK};
    CHECK(subscriber.Reply(request.id, verdicts[attempt - 1]) == MECHA_OK);
  }
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("the pause of a RETRY may be the handler's own") {
  const BrokerWorld world;
  ServeSetup setup = Topic("orders");
  setup.settings = Redelivery(5, "1h");
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.PublishAll("orders", {"x", "y"}));
  const std::vector<Request> both = subscriber.Take(2);
  REQUIRE(both.size() == 2);
  CHECK(subscriber.Reply(both[0].id, MECHA_VERDICT_RETRY, kMillisecond) == MECHA_OK);
  CHECK(subscriber.Reply(both[1].id, MECHA_VERDICT_RETRY) == MECHA_OK);
  CHECK(subscriber.Handle(1) == both[0].data());
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("without a dead-letter topic a message that fails comes again and again") {
  const BrokerWorld world;
  ServeSetup setup = Topic("orders");
  setup.settings = Redelivery(2);
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.Publish("orders", "x").ok());
  for (uint32_t attempt = 1; attempt <= 5; ++attempt) {
    const Request request = subscriber.Next();
    REQUIRE(request.only().attempt == attempt);
    CHECK(subscriber.Reply(request.id, MECHA_VERDICT_RETRY) == MECHA_OK);
  }
  CHECK(subscriber.Handle(1) == "x");
}

TEST_CASE("no answer is a RETRY after the reply timeout, and the late reply is GONE") {
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.reply_timeout_ns = 60 * kMillisecond;
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.Publish("orders", "x").ok());
  const Request first = subscriber.Next();
  REQUIRE(first.id != 0);
  CHECK(first.only().remaining_ns <= setup.reply_timeout_ns);
  const Request second = subscriber.Next();
  CHECK(second.data() == "x");
  CHECK(second.only().attempt == 2);
  CHECK(second.id != first.id);
  CHECK(subscriber.IsCancelled(first.id) != MECHA_OK);
  CHECK(subscriber.Reply(first.id) == MECHA_GONE);
  // With more time it is not taken away.
  const mecha_status extended =
      mecha_request_extend(world.runtime.get(), second.id, 60 * Subscriber::kSecond);
  if (extended == MECHA_OK) {
    CHECK(subscriber.Take(1, std::chrono::milliseconds(250)).empty());
    CHECK(subscriber.IsCancelled(second.id) == MECHA_OK);
    CHECK(subscriber.Reply(second.id) == MECHA_OK);
  } else {
    CHECK(extended == MECHA_GONE);  // this machine was too slow
    CHECK(subscriber.Handle(1) == "x");
  }
  CHECK(mecha_request_extend(world.runtime.get(), first.id, Subscriber::kSecond) == MECHA_GONE);
}

TEST_CASE("only the first reply counts, and wrong ones leave the request open") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.Publish("orders", "x").ok());
  const Request request = subscriber.Next();
  REQUIRE(request.id != 0);
  CHECK(subscriber.IsCancelled(request.id) == MECHA_OK);
  CHECK(subscriber.Reply(request.id, 77) == MECHA_INVALID_ARGUMENT);
  CHECK(subscriber.ReplyEach(request.id, {{5, MECHA_VERDICT_OK, 0}}) == MECHA_INVALID_ARGUMENT);
  CHECK(subscriber.IsCancelled(request.id) == MECHA_OK);
  CHECK(mecha_request_reply(world.runtime.get(), request.id, nullptr) == MECHA_OK);
  CHECK(subscriber.Reply(request.id) == MECHA_GONE);
  CHECK(subscriber.Reply(request.id, MECHA_VERDICT_RETRY) == MECHA_GONE);
  CHECK(subscriber.IsCancelled(request.id) == MECHA_GONE);
  CHECK(subscriber.Reply(0) == MECHA_GONE);
  CHECK(subscriber.Reply(request.id + 1) == MECHA_GONE);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("DROP without a dead-letter topic forgets the message") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), QuickTopic("orders"));
  REQUIRE(world.broker.PublishAll("orders", {"x", "y"}));
  const Request request = subscriber.Next();
  CHECK(subscriber.Reply(request.id, MECHA_VERDICT_DROP) == MECHA_OK);
  CHECK(subscriber.Handle(1) == (request.data() == "x" ? "y" : "x"));
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("after its last attempt a message goes to the dead-letter topic") {
  const BrokerWorld world;
  Subscriber dead(world.runtime.get(), Topic("dead"));
  Subscriber subscriber(world.runtime.get(), WithDeadLetters("orders", "dead", 3));
  Outgoing message = Text(R"({"n": 1.0})");
  message.content_type = "application/json";
  message.metadata = {{"cloudevent.subject", "seven"}};
  const Answer published = world.broker.Publish("orders", message);
  REQUIRE(published.ok());
  for (uint32_t attempt = 1; attempt <= 3; ++attempt) {
    const Request request = subscriber.Next();
    CHECK(request.only().attempt == attempt);
    CHECK(request.only().Is(MECHA_REQUEST_LAST_ATTEMPT) == (attempt == 3));
    CHECK(subscriber.Reply(request.id, MECHA_VERDICT_RETRY) == MECHA_OK);
  }
  const Request letter = dead.Next();
  CHECK(letter.data() == message.data);
  CHECK(letter.only().content_type == "application/json");
  CHECK(letter.only().id == published.only().key);
  CHECK(letter.only().topic == "dead");
  CHECK(letter.Attribute("cloudevent.subject") == "seven");
  CHECK(dead.Reply(letter.id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
  CHECK(dead.IsQuiet());
}

TEST_CASE("DROP sends a message to the dead-letter topic at once") {
  const BrokerWorld world;
  Subscriber dead(world.runtime.get(), Topic("dead"));
  Subscriber subscriber(world.runtime.get(), WithDeadLetters("orders", "dead", 100));
  REQUIRE(world.broker.Publish("orders", "x").ok());
  const Request request = subscriber.Next();
  CHECK(subscriber.Reply(request.id, MECHA_VERDICT_DROP) == MECHA_OK);
  CHECK(dead.Handle(1) == "x");
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("an expired message is not handled") {
  const BrokerWorld world;
  ServeSetup setup = Topic("orders");
  setup.flags = MECHA_SERVE_PAUSED;
  Subscriber subscriber(world.runtime.get(), setup);
  // The envelope counts whole seconds, and its time can be moved; the broker's own cannot.
  const bool is_native = world.runtime.Support("ttl") == "native";
  Outgoing message = Text("short");
  message.ttl_ms = is_native ? 50 : 1000;
  REQUIRE(world.broker.Publish("orders", message).ok());
  message = Text("minutes");
  message.metadata = {{"ttlInSeconds", "600"}};
  REQUIRE(world.broker.Publish("orders", message).ok());
  REQUIRE(world.broker.Publish("orders", "for ever").ok());
  CHECK(subscriber.IsQuiet());
  if (is_native) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  } else {
    world.runtime.Advance(3000);
  }
  REQUIRE(subscriber.SetCredit(10) == MECHA_OK);
  const std::string handled = subscriber.Handle(2);
  CHECK((handled == "minutes for ever" || handled == "for ever minutes"));
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("what is too old by its envelope goes to the dead letters and is handled there") {
  const BrokerWorld world;
  Subscriber dead(world.runtime.get(), Topic("dead"));
  Subscriber subscriber(world.runtime.get(), WithDeadLetters("orders", "dead", 3));
  Outgoing message =
      Text(R"({"specversion":"1.0","id":"old","source":"s","type":"t","data":"late",)"
           R"("topic":"orders","expiration":"2001-01-01T00:00:00Z"})");
  message.content_type = "application/cloudevents+json";
  REQUIRE(world.broker.Publish("orders", message).ok());
  CHECK(subscriber.IsQuiet());  // it has come for messages: some brokers look at them only then
  const Request letter = dead.Next();
  CHECK(letter.only().id == "old");
  CHECK(dead.Reply(letter.id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("a batch holds several messages, each with a verdict of its own") {
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.flags = MECHA_SERVE_BATCH;
  setup.batch_max = 3;
  setup.batch_wait_ns = 3600 * Subscriber::kSecond;
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.PublishAll("orders", {"a", "b", "c"}));
  const Request batch = subscriber.Next();  // full, so it does not wait
  REQUIRE(batch.entries.size() == 3);
  std::set<std::string> data;
  std::set<std::string> ids;
  for (const Entry& entry : batch.entries) {
    CHECK(entry.Is(MECHA_REQUEST_BATCH));
    CHECK(entry.topic == "orders");
    CHECK(entry.attempt == 1);
    CHECK(entry.Attribute("cloudevent.id") == entry.id);
    data.insert(entry.data);
    ids.insert(entry.id);
  }
  CHECK(data == std::set<std::string>{"a", "b", "c"});
  CHECK(ids.size() == 3);
  CHECK(subscriber.ReplyEach(batch.id, {{3, MECHA_VERDICT_OK, 0}}) == MECHA_INVALID_ARGUMENT);
  // One is done, one is dropped, one is not named.
  REQUIRE(subscriber.ReplyEach(batch.id, {{0, MECHA_VERDICT_OK, 0}, {2, MECHA_VERDICT_DROP, 0}}) ==
          MECHA_OK);
  CHECK(subscriber.ReplyEach(batch.id, {{1, MECHA_VERDICT_OK, 0}}) == MECHA_GONE);
  REQUIRE(world.broker.PublishAll("orders", {"d", "e"}));
  const Request second = subscriber.Next();
  REQUIRE(second.entries.size() == 3);
  bool has_returned = false;
  for (const Entry& entry : second.entries) {
    const bool is_returned = entry.data == batch.entries[1].data;
    has_returned = has_returned || is_returned;
    CHECK(entry.attempt == (is_returned ? 2 : 1));
    CHECK(entry.Is(MECHA_REQUEST_REDELIVERED) == is_returned);
  }
  CHECK(has_returned);
  CHECK(subscriber.Reply(second.id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("a batch that may not wait takes what is there, up to its size") {
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.flags = MECHA_SERVE_BATCH;
  setup.batch_max = 4;
  setup.batch_wait_ns = -1;
  Subscriber subscriber(world.runtime.get(), setup);
  std::vector<Outgoing> messages;
  for (int i = 0; i < 10; ++i) {
    messages.push_back(Text(std::to_string(i)));
  }
  REQUIRE(world.broker.PublishMany("orders", messages).ok());
  std::set<std::string> data;
  for (size_t count = 0; count < 10;) {
    const Request batch = subscriber.Next();
    REQUIRE(batch.id != 0);
    CHECK(batch.entries.size() <= 4);
    for (const Entry& entry : batch.entries) {
      data.insert(entry.data);
    }
    count += batch.entries.size();
    CHECK(subscriber.Reply(batch.id) == MECHA_OK);
  }
  CHECK(data.size() == 10);
  CHECK(subscriber.IsQuiet());
}

}  // namespace
}  // namespace conformance
