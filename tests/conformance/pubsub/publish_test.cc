// SPDX-License-Identifier: Apache-2.0
// What is published arrives: data of every kind, the envelope's attributes, many at a time; and
// what cannot be published says why.
#include <set>

#include "conformance/client/event_queue.h"
#include "conformance/pubsub/broker_world.h"
#include "support/catch.h"

namespace conformance {
namespace {

TEST_CASE("a text arrives in an envelope that names its publisher") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  const Answer answer = world.broker.Publish("orders", "zwölf");
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == 1);
  CHECK_FALSE(answer.only().key.empty());
  CHECK(answer.only().etag.empty() == (world.runtime.Support("broker_id") == "none"));
  const Request request = subscriber.Next();
  REQUIRE(request.entries.size() == 1);
  CHECK(request.token == 7);
  const Entry& entry = request.only();
  CHECK(entry.data == "zwölf");
  CHECK(entry.content_type == "text/plain");
  CHECK(entry.id == answer.only().key);
  CHECK(entry.component == "broker");
  CHECK(entry.topic == "orders");
  CHECK(entry.path == "orders");
  CHECK(entry.attempt == 1);
  CHECK(entry.flags == 0);
  CHECK(entry.remaining_ns > 0);
  CHECK((entry.lease_ns > 0) == (world.runtime.Support("lease") != "none"));
  CHECK(request.Attribute("cloudevent.id") == entry.id);
  CHECK(request.Attribute("cloudevent.specversion") == "1.0");
  CHECK(request.Attribute("cloudevent.type") == "com.dapr.event.sent");
  CHECK(request.Attribute("cloudevent.source") == "app");
  CHECK(request.Attribute("cloudevent.topic") == "orders");
  CHECK(request.Attribute("cloudevent.pubsubname") == "broker");
  CHECK(request.Attribute("cloudevent.datacontenttype") == "(absent)");  // the content type
  CHECK(request.Attribute("cloudevent.time") != "(absent)");
  CHECK(subscriber.Reply(request.id) == MECHA_OK);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("data of every kind arrives as it was sent") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("data"));
  const std::string bytes("\0\xff\x01\r\n\"{", 7);
  const std::string json = R"({"b": 1.50, "a": [1e2, "\u00e4\n", null]})";
  struct Case {
    std::string type, data;
    bool is_json;
  };
  const std::vector<Case> cases = {
      {"", "", false},
      {"text/plain", "a \"quoted\" \\ line\n\ttabs and \x01 too", false},
      {"application/json", json, true},
      {"application/json; charset=utf-8", "[]", true},
      {"application/json", "\"text\"", true},
      {"application/json", "12345678901234567890.10", true},
      {"application/octet-stream", bytes, false},
      {"application/octet-stream", "", false},
      {"text/xml", "<a b='c'>&amp;</a>", false},
  };
  for (const Case& one : cases) {
    Outgoing message = Text(one.data);
    message.content_type = one.type;
    REQUIRE(world.broker.Publish("data", message).ok());
    const Request request = subscriber.Next();
    INFO(one.type << " " << one.data);
    CHECK(request.data() == one.data);
    CHECK(request.only().content_type == (one.type.empty() ? "text/plain" : one.type));
    CHECK(request.only().is_json == one.is_json);
    CHECK(subscriber.Reply(request.id) == MECHA_OK);
  }
}

TEST_CASE("a big message arrives whole") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("big"));
  for (const size_t size : {size_t{65'536}, size_t{3'000'000}}) {
    std::string data(size, 'x');
    for (size_t i = 0; i < size; i += 97) {
      data[i] = static_cast<char>(i);
    }
    Outgoing message = Text(data);
    message.content_type = "application/octet-stream";
    REQUIRE(world.broker.Publish("big", message).ok());
    const Request request = subscriber.Next();
    CHECK((request.data() == data));
    CHECK(subscriber.Reply(request.id) == MECHA_OK);
  }
}

TEST_CASE("metadata sets the envelope's attributes") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  Outgoing message = Text("x");
  message.metadata = {{"cloudevent.id", "order-7"},       {"cloudevent.type", "order.placed"},
                      {"CloudEvent.Source", "shop"},      {"cloudevent.subject", "seven"},
                      {"cloudevent.traceparent", parent}, {"cloudevent.tracestate", "a=b"}};
  const Answer answer = world.broker.Publish("orders", message);
  REQUIRE(answer.ok());
  CHECK(answer.only().key == "order-7");
  const Request request = subscriber.Next();
  CHECK(request.only().id == "order-7");
  CHECK(request.only().traceparent == parent);
  CHECK(request.only().tracestate == "a=b");
  CHECK(request.Attribute("cloudevent.id") == "order-7");
  CHECK(request.Attribute("cloudevent.type") == "order.placed");
  CHECK(request.Attribute("cloudevent.source") == "shop");
  CHECK(request.Attribute("cloudevent.subject") == "seven");
  CHECK(request.Attribute("cloudevent.traceparent") == parent);
  CHECK(subscriber.Reply(request.id) == MECHA_OK);

  message = Text("y");
  message.id = "own-id";
  CHECK(world.broker.Publish("orders", message).only().key == "own-id");
  CHECK(subscriber.Next().only().id == "own-id");
}

TEST_CASE("the broker's own metadata and the key arrive where the broker carries them") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  Outgoing message = Keyed("customer-7", "x");
  message.metadata = {{"Colour", "blue"}};
  REQUIRE(world.broker.Publish("orders", message).ok());
  const Request request = subscriber.Next();
  CHECK(request.data() == "x");
  if (world.runtime.Has("message_metadata")) {
    CHECK(request.Attribute("colour") == "blue");
    // Not every broker has a place for the key.
    CHECK((request.only().key == "customer-7" || request.only().key.empty()));
  }
  CHECK(subscriber.Reply(request.id) == MECHA_OK);
}

TEST_CASE("a publisher's own CloudEvent keeps its attributes") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  Outgoing message =
      Text(R"({"specversion":"1.0","id":"e-1","source":"elsewhere","type":"t","colour":"blue",)"
           R"("datacontenttype":"application/json","data":{"n": 1.0}})");
  message.content_type = "application/cloudevents+json";
  const Answer answer = world.broker.Publish("orders", message);
  INFO(Words(answer));
  REQUIRE(answer.ok());
  CHECK(answer.only().key == "e-1");
  const Request request = subscriber.Next();
  CHECK(request.data() == R"({"n": 1.0})");
  CHECK(request.only().content_type == "application/json");
  CHECK(request.only().id == "e-1");
  CHECK(request.Attribute("cloudevent.source") == "elsewhere");
  CHECK(request.Attribute("cloudevent.type") == "t");
  CHECK(request.Attribute("cloudevent.colour").find("blue") != std::string::npos);
  CHECK(request.Attribute("cloudevent.topic") == "orders");
  CHECK(subscriber.Reply(request.id) == MECHA_OK);
}

TEST_CASE("a raw message is its bytes alone") {
  const BrokerWorld world;
  ServeSetup setup = Topic("raw");
  setup.settings = {{"rawPayload", "true"}};
  Subscriber subscriber(world.runtime.get(), setup);
  const std::string bytes("\0{\xff", 3);
  Outgoing message = Text(bytes);
  message.is_raw = true;
  REQUIRE(world.broker.Publish("raw", message).ok());
  const Request first = subscriber.Next();
  CHECK(first.data() == bytes);
  CHECK(first.only().Is(MECHA_REQUEST_RAW));
  CHECK(first.Attribute("cloudevent.type") == "(absent)");
  CHECK(subscriber.Reply(first.id) == MECHA_OK);
  message.is_raw = false;
  message.metadata = {{"rawPayload", "true"}};
  REQUIRE(world.broker.Publish("raw", message).ok());
  CHECK(subscriber.Handle(1) == bytes);
}

TEST_CASE("many messages at once have a status and an id each") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  std::vector<Outgoing> messages;
  for (int i = 0; i < 150; ++i) {
    messages.push_back(Text(std::to_string(i)));
  }
  const Answer answer = world.broker.PublishMany("orders", messages);
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE(answer.items.size() == 150);
  std::set<std::string> sent;
  for (const Item& item : answer.items) {
    CHECK(item.status == MECHA_OK);
    sent.insert(item.key);
  }
  CHECK(sent.size() == 150);
  std::set<std::string> received;
  for (int i = 0; i < 150; ++i) {
    const Request request = subscriber.Next();
    REQUIRE(request.id != 0);
    received.insert(request.only().id);
    CHECK(subscriber.Reply(request.id) == MECHA_OK);
  }
  CHECK(received == sent);
}

TEST_CASE("of many messages a broken one fails alone") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  Outgoing broken = Text("{no JSON");
  broken.content_type = "application/cloudevents+json";
  const Answer answer = world.broker.PublishMany("orders", {Text("a"), broken, Text("c")});
  CHECK(answer.status == MECHA_PARTIAL);
  CHECK(answer.statuses() == std::vector<mecha_status>{MECHA_OK, MECHA_INVALID_ARGUMENT, MECHA_OK});
  REQUIRE(answer.items.size() == 3);
  CHECK_FALSE(answer.items[1].error.empty());
  const std::string handled = subscriber.Handle(2);
  CHECK((handled == "a c" || handled == "c a"));
  CHECK(world.broker.Publish("orders", broken).status == MECHA_INVALID_ARGUMENT);
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("publishing through queues reports once each") {
  const BrokerWorld world;
  Subscriber subscriber(world.runtime.get(), Topic("orders"));
  for (const auto kind : {EventQueue::Kind::kPoll, EventQueue::Kind::kCallback}) {
    EventQueue queue(world.runtime.get(), kind);
    for (uint64_t i = 0; i < 100; ++i) {
      const mecha_call call = queue.Call(i);
      CHECK(world.broker.Publish("orders", Text("x"), &call).status == MECHA_PENDING);
    }
    std::set<uint64_t> tokens;
    for (const Event& event : queue.Collect(100)) {
      tokens.insert(event.token);
      CHECK(event.status == MECHA_OK);
      CHECK_FALSE(event.answer.only().key.empty());
    }
    CHECK(tokens.size() == 100);
    CHECK(queue.CollectSurplus().empty());
    subscriber.Handle(100);
  }
  CHECK(subscriber.IsQuiet());
}

TEST_CASE("what cannot be published or served says why") {
  const BrokerWorld world;
  CHECK(world.broker.Publish("nobody-listens-here", "x").ok());
  const Answer unknown = BrokerClient(world.runtime.get(), "brokr").Publish("orders", "x");
  CHECK(unknown.status == MECHA_NOT_FOUND);
  CHECK(unknown.error.find("broker") != std::string::npos);
  CHECK(world.broker.Publish("", "x").status == MECHA_INVALID_ARGUMENT);
  CHECK(world.broker.PublishMany("orders", {}).status == MECHA_INVALID_ARGUMENT);
  Outgoing bad_ttl = Text("x");
  bad_ttl.metadata = {{"ttlInSeconds", "soon"}};
  CHECK(world.broker.Publish("orders", bad_ttl).status == MECHA_INVALID_ARGUMENT);

  mecha_queue* queue = nullptr;
  REQUIRE(mecha_queue_open(world.runtime.get(), nullptr, &queue) == MECHA_OK);
  mecha_registration* registration = nullptr;
  ServeSetup setup = Topic("orders");
  setup.component = "brokr";
  CHECK(Serve(world.runtime.get(), nullptr, queue, setup, &registration).status == MECHA_NOT_FOUND);
  CHECK((registration == nullptr));
  setup = Topic("");
  CHECK(Serve(world.runtime.get(), nullptr, queue, setup, &registration).status ==
        MECHA_INVALID_ARGUMENT);
  setup.topics.clear();
  CHECK(Serve(world.runtime.get(), nullptr, queue, setup, &registration).status ==
        MECHA_INVALID_ARGUMENT);
  setup = Topic("orders");
  setup.ordering = 9;
  CHECK(Serve(world.runtime.get(), nullptr, queue, setup, &registration).status ==
        MECHA_INVALID_ARGUMENT);
  setup = Topic("orders");
  setup.settings = Redelivery(0);
  CHECK(Serve(world.runtime.get(), nullptr, queue, setup, &registration).status ==
        MECHA_INVALID_ARGUMENT);
  mecha_registration_free(registration);
  mecha_queue_free(queue);
}

TEST_CASE("topics out of scope are denied on both sides") {
  RuntimeSetup setup = BrokerSetup();
  setup.metadata = {{"publishingScopes", "app=open"},
                    {"subscriptionScopes", "app=open"},
                    {"protectedTopics", "closed"}};
  const BrokerWorld world(setup);
  Subscriber subscriber(world.runtime.get(), Topic("open"));
  CHECK(world.broker.Publish("open", "x").ok());
  CHECK(subscriber.Handle(1) == "x");
  const Answer denied = world.broker.Publish("closed", "x");
  CHECK(denied.status == MECHA_PERMISSION_DENIED);
  CHECK_FALSE(denied.error.empty());
  mecha_registration* registration = nullptr;
  CHECK(Serve(world.runtime.get(), nullptr, subscriber.queue(), Topic("closed"), &registration)
            .status == MECHA_PERMISSION_DENIED);
  mecha_registration_free(registration);
}

}  // namespace
}  // namespace conformance
