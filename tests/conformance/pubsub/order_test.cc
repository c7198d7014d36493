// SPDX-License-Identifier: Apache-2.0
// In which order messages come, and how many at a time: the broker's order, order per key, one
// after the other, credit and pause.
#include <algorithm>
#include <string>
#include <vector>

#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> numbers;
  for (int i = 0; i < count; ++i) {
    numbers.push_back(std::to_string(i));
  }
  return numbers;
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    all += (all.empty() ? "" : " ") + text;
  }
  return all;
}

std::string DataOf(const std::vector<Request>& requests) {
  std::vector<std::string> data;
  for (const Request& request : requests) {
    data.push_back(request.data());
  }
  return Joined(data);
}

TEST_CASE("a lone consumer sees a publisher's order where the broker keeps it") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  const std::vector<std::string> numbers = Numbers(200);
  std::vector<Outgoing> later;
  for (int i = 200; i < 300; ++i) {
    later.push_back(Text(std::to_string(i)));
  }
  REQUIRE(world.broker.PublishAll("orders", numbers));
  REQUIRE(world.broker.PublishMany("orders", later).ok());
  const std::string handled = subscriber.Handle(300);
  if (world.runtime.Has("order")) {
    CHECK(handled == Joined(Numbers(300)));
  } else {
    CHECK(std::ranges::count(handled, ' ') == 299);
  }
}

TEST_CASE("a SERIAL registration has one message at a time, also when it is tried again") {
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.ordering = MECHA_ORDER_SERIAL;
  Subscriber subscriber(world.runtime.get(), setup);
  const std::vector<std::string> numbers = Numbers(8);
  REQUIRE(world.broker.PublishAll("orders", numbers));
  std::vector<std::string> first_seen;
  for (int i = 0; i < 8; ++i) {
    const Request request = subscriber.Next();
    CHECK(request.only().attempt == 1);
    first_seen.push_back(request.data());
    if (i % 3 != 0) {
      CHECK(subscriber.Reply(request.id) == MECHA_OK);
      continue;
    }
    CHECK(subscriber.IsQuiet());
    CHECK(subscriber.Reply(request.id, MECHA_VERDICT_RETRY) == MECHA_OK);
    const Request again = subscriber.Next();
    CHECK(again.data() == request.data());
    CHECK(again.only().attempt == 2);
    CHECK(subscriber.Reply(again.id) == MECHA_OK);
  }
  if (world.runtime.Has("order")) {
    CHECK(first_seen == numbers);
  }
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("a PER_KEY registration has one message of a key at a time") {
  const BrokerWorld world;
  Subscriber probe(world.runtime.get(), Topic("probe"));
  REQUIRE(world.broker.Publish("probe", Keyed("a", "x")).ok());
  if (probe.Next().only().key.empty() || !world.runtime.Has("order")) {
    SUCCEED("the broker carries no keys, or keeps no order");
    return;
  }
  ServeSetup setup = QuickTopic("orders");
  setup.ordering = MECHA_ORDER_PER_KEY;
  Subscriber subscriber(world.runtime.get(), setup);
  for (const auto& [key, data] : Pairs{
           {"a", "a1"}, {"a", "a2"}, {"b", "b1"}, {"", "x"}, {"", "y"}, {"a", "a3"}, {"b", "b2"}}) {
    REQUIRE(world.broker.Publish("orders", Keyed(key, data)).ok());
  }
  const std::vector<Request> open = subscriber.Take(4);
  REQUIRE(DataOf(open) == "a1 b1 x y");
  CHECK(subscriber.IsQuiet());
  CHECK(open[0].only().key == "a");
  CHECK(open[2].only().key.empty());
  // What is to be tried again holds up those of its key, and nobody else.
  CHECK(subscriber.Reply(open[0].id, MECHA_VERDICT_RETRY) == MECHA_OK);
  const Request again = subscriber.Next();
  CHECK(again.data() == "a1");
  CHECK(again.only().attempt == 2);
  CHECK(subscriber.Reply(open[1].id) == MECHA_OK);
  CHECK(subscriber.Handle(1) == "b2");
  CHECK(subscriber.IsQuiet());
  CHECK(subscriber.Reply(again.id, MECHA_VERDICT_DROP) == MECHA_OK);
  CHECK(subscriber.Handle(2) == "a2 a3");
  CHECK(subscriber.Reply(open[2].id) == MECHA_OK);
  CHECK(subscriber.Reply(open[3].id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("no more requests are open than there is credit, and credit 0 pauses") {
  const BrokerWorld world;
  ServeSetup setup = QuickTopic("orders");
  setup.credit = 2;
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.PublishAll("orders", Numbers(8)));
  std::vector<Request> open = subscriber.Take(2);
  REQUIRE(open.size() == 2);
  CHECK(subscriber.IsQuiet());
  CHECK(subscriber.Reply(open[0].id) == MECHA_OK);
  open[0] = subscriber.Next();
  CHECK(open[0].id != 0);
  CHECK(subscriber.IsQuiet());
  REQUIRE(subscriber.SetCredit(0) == MECHA_OK);
  CHECK(subscriber.Reply(open[0].id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
  CHECK(subscriber.IsCancelled(open[1].id) == MECHA_OK);
  CHECK(subscriber.Reply(open[1].id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
  REQUIRE(subscriber.SetCredit(10) == MECHA_OK);
  open = subscriber.Take(5);
  CHECK(open.size() == 5);
  for (const Request& request : open) {
    CHECK(subscriber.Reply(request.id) == MECHA_OK);
  }
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("a PAUSED registration begins without messages and loses none") {
  const BrokerWorld world;
  ServeSetup setup = Topic("orders");
  setup.flags = MECHA_SERVE_PAUSED;
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.PublishAll("orders", Numbers(3)));
  CHECK(subscriber.IsQuiet());
  REQUIRE(subscriber.SetCredit(5) == MECHA_OK);
  std::string handled = subscriber.Handle(3);
  std::ranges::sort(handled);
  CHECK(handled == "  012");
}

TEST_CASE("one registration may serve several topics") {
  const BrokerWorld world;
  ServeSetup setup;
  setup.topics = {"one", "two"};
  Subscriber subscriber(world.runtime.get(), setup);
  REQUIRE(world.broker.Publish("one", "1").ok());
  Request request = subscriber.Next();
  CHECK(request.only().topic == "one");
  CHECK(subscriber.Reply(request.id) == MECHA_OK);
  REQUIRE(world.broker.Publish("two", "2").ok());
  request = subscriber.Next();
  CHECK(request.only().topic == "two");
  CHECK(request.data() == "2");
  CHECK(subscriber.Reply(request.id) == MECHA_OK);
}

}  // namespace
}  // namespace conformance
