// SPDX-License-Identifier: Apache-2.0
#include "pubsub/pubsub_block.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "contract/cloud_event.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/fake_components.h"
#include "support/test_host.h"

namespace mecha {
namespace {

using test::FakeBackEnd;

class Nobody final : public OperationOwner {
 public:
  void OnOperationEnd(Operation&) override { ++ends; }
  int ends = 0;
};

// What a broker was given, copied.
struct Taken {
  std::string topic;
  std::string payload;
  std::string content_type;
  std::string key;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::optional<std::chrono::milliseconds> ttl;
  std::shared_ptr<const CloudEvent> event;
};

// A block named "messages" in front of a broker that notes what it is given.
struct BlockWorld {
  explicit BlockWorld(const ComponentInfo& info = test::kFakePubSubInfo,
                      PubSubBlockOptions options = {.app_id = "shop", .topic_prefix = "north"})
      : service({.name = "messages", .block = "pubsub", .file = "a.yaml", .line = 3}, info, host,
                owner),
        block(service, component, std::move(options)) {
    back_end.publish = [this](const CallContext& call, std::string_view topic,
                              const OutgoingMessage& message) {
      return Take(call, topic, message);
    };
  }

  PublishOutcome Take(const CallContext& call, std::string_view topic,
                      const OutgoingMessage& message) {
    tries += 1;
    if (wants_to_block && !call.may_block) {
      return WouldBlock();
    }
    const Status status = answer ? answer(message) : OkStatus();
    if (!status.ok()) {
      return status;
    }
    Taken& one = taken.emplace_back();
    one.topic = topic;
    one.payload = message.payload;
    one.content_type = message.content_type;
    one.key = message.key;
    one.metadata = {message.metadata.begin(), message.metadata.end()};
    one.ttl = message.ttl;
    one.event = message.event;
    return std::to_string(taken.size()) + "-0";
  }

  // Runs it as a blocking caller would, and gives its status.
  Status Publish(const std::vector<MessageRequest>& messages, const CallOptions& call = {},
                 std::string_view topic = "created") {
    const Prepared prepared = block.Publish(call, {.topic = topic, .messages = messages});
    last = std::unique_ptr<Operation, Release>(prepared.operation);
    if (!prepared.refused.ok()) {
      last->Refuse(prepared.refused);
    } else {
      last->RunBlocking();
    }
    return last->status();
  }
  Status Publish(const MessageRequest& message, const CallOptions& call = {}) {
    return Publish(std::vector{message}, call);
  }
  const ResultItem& Item(size_t index) const { return last->items()[index]; }
  StatusCode CodeOf(size_t index) const { return Item(index).status.code(); }

  struct Release {
    void operator()(Operation* operation) const { operation->Release(); }
  };
  FakeBackEnd back_end;
  test::TestHost host;
  Nobody owner;
  test::FakePubSub component;
  Service service;
  PubSubBlock block;
  std::function<Status(const OutgoingMessage&)> answer;
  std::vector<Taken> taken;
  int tries = 0;
  bool wants_to_block = false;
  std::unique_ptr<Operation, Release> last;
};

MessageRequest MessageOf(std::string_view data) {
  MessageRequest message;
  message.data.bytes = data;
  return message;
}

bool Holds(std::string_view text, std::string_view wanted) {
  return text.find(wanted) != std::string_view::npos;
}
bool Holds(const Status& status, std::string_view wanted) {
  return Holds(status.message(), wanted);
}

CallOptions Retrying(bool is_idempotent = false) {
  CallOptions call;
  call.retry = RetryPolicy{.interval = std::chrono::microseconds(1), .limit = 2};
  call.is_idempotent = is_idempotent;
  return call;
}

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

TEST_CASE("a topic must have a name") {
  BlockWorld world;
  CHECK(IsInvalidArgument(world.block.CheckPublish("")));
  CHECK(IsInvalidArgument(world.block.CheckSubscribe("")));
  CHECK(world.block.CheckPublish("created").ok());
  CHECK(world.block.CheckSubscribe("created").ok());
}

TEST_CASE("a message to a topic out of scope never reaches the broker") {
  Settings::Identity identity;
  identity.app_id = "shop";
  const auto scopes = TopicScopes::Create(
      Settings(std::move(identity), {{"publishingscopes", {"shop=paid", false, 1}}}));
  REQUIRE(scopes.ok());
  BlockWorld world(test::kFakePubSubInfo,
                   {.app_id = "shop", .topic_prefix = "north", .scopes = *scopes});
  const Status status = world.Publish(MessageOf("x"));
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(world.taken.empty());
  CHECK(world.block.CheckSubscribe("created").ok());
}

TEST_CASE("a message goes to its topic in an envelope") {
  BlockWorld world;
  MessageRequest message = MessageOf("{\"n\": 1}");
  message.content_type = "application/json";
  message.key = "k";
  CallOptions call;
  call.traceparent = "00-1-2-01";
  call.tracestate = "a=b";
  REQUIRE(world.Publish(message, call).ok());
  REQUIRE(world.taken.size() == 1);
  const Taken& taken = world.taken[0];
  CHECK(taken.topic == "northcreated");
  CHECK(taken.key == "k");
  CHECK(taken.content_type == "application/cloudevents+json");
  CHECK(taken.metadata.empty());
  for (const std::string_view part :
       {R"("specversion":"1.0")", R"("type":"com.dapr.event.sent")", R"("source":"shop")",
        R"("topic":"created")", R"("pubsubname":"messages")", R"("traceparent":"00-1-2-01")",
        R"("tracestate":"a=b")", R"("data":{"n": 1})"}) {
    INFO(taken.payload << " has " << part);
    CHECK(Holds(taken.payload, part));
  }
  REQUIRE(world.last->items().size() == 1);
  CHECK(world.Item(0).key.size() == 36);
  CHECK(Holds(taken.payload, "\"id\":\"" + std::string(world.Item(0).key) + "\""));
  CHECK(world.Item(0).etag.view() == "1-0");
  CHECK(world.owner.ends == 1);
  const auto counts = world.service.counters().Read(Verb::kPublish);
  CHECK(counts.calls == 1);
  CHECK(counts.bytes == taken.payload.size());
}

TEST_CASE("no two messages get the same id") {
  BlockWorld world;
  const std::vector messages(500, MessageOf("x"));
  REQUIRE(world.Publish(messages).ok());
  std::set<std::string> ids;
  for (const ResultItem& item : world.last->items()) {
    ids.emplace(item.key);
  }
  world.block.BecomeConsumer("shop-2");
  REQUIRE(world.Publish(messages).ok());
  for (const ResultItem& item : world.last->items()) {
    ids.emplace(item.key);
  }
  CHECK(ids.size() == 1000);
}

TEST_CASE("a broker that keeps events gets the event itself") {
  BlockWorld world(test::kFakeMemoryInfo);
  MessageRequest message = MessageOf("hello");
  message.id = "m-1";
  message.ttl_ms = 1500;
  REQUIRE(world.Publish(message).ok());
  REQUIRE(world.taken.size() == 1);
  CHECK(world.taken[0].payload.empty());
  REQUIRE((world.taken[0].event != nullptr));
  const CloudEvent& event = *world.taken[0].event;
  CHECK(event.id == "m-1");
  CHECK(event.topic == "created");
  CHECK(event.data.view() == "hello");
  CHECK(event.datacontenttype == "text/plain");
  CHECK((event.expiration.data() == nullptr));  // the broker expires it by itself
  CHECK(world.taken[0].ttl == std::chrono::milliseconds(1500));
  CHECK(world.Item(0).key == "m-1");
  CHECK(world.taken[0].event.use_count() == 1);  // the result keeps the id alone
}

TEST_CASE("a raw message is its bytes") {
  for (const bool by_metadata : {false, true}) {
    BlockWorld world;
    const Pairs metadata{{"RawPayload", "true"}};
    MessageRequest message = MessageOf(std::string_view("\0\xff", 2));
    message.content_type = "application/octet-stream";
    message.is_raw = !by_metadata;
    message.metadata = by_metadata ? Metadata(metadata) : Metadata();
    REQUIRE(world.Publish(message).ok());
    CHECK(world.taken[0].payload == std::string("\0\xff", 2));
    CHECK(world.taken[0].content_type == "application/octet-stream");
    CHECK(world.Item(0).key.empty());
    CHECK(world.Item(0).etag.view() == "1-0");
    message.ttl_ms = 1;
    CHECK(IsUnimplemented(world.Publish(message)));
  }
}

TEST_CASE("the metadata of the call stands under the message's") {
  BlockWorld world;
  const Pairs of_call{{"region", "eu"}, {"CloudEvent.Type", "a"}, {"ttlInSeconds", "60"}};
  const Pairs of_message{{"cloudevent.type", "b"}, {"ttlInSeconds", "5"}};
  CallOptions call;
  call.metadata = of_call;
  MessageRequest message = MessageOf("x");
  message.metadata = of_message;
  REQUIRE(world.Publish({message, MessageOf("y")}, call).ok());
  using Owned = std::vector<std::pair<std::string, std::string>>;
  CHECK(world.taken[0].metadata ==
        Owned{{"region", "eu"}, {"cloudevent.type", "b"}, {"ttlInSeconds", "5"}});
  CHECK(world.taken[1].metadata == Owned(of_call.begin(), of_call.end()));
  CHECK(Holds(world.taken[0].payload, R"("type":"b")"));
  CHECK(Holds(world.taken[1].payload, R"("type":"a")"));
  CHECK(Holds(world.taken[0].payload, R"("expiration":")"));
  CHECK_FALSE(world.taken[0].ttl.has_value());  // the broker knows none
}

TEST_CASE("a message that is wrong is refused, and says why") {
  BlockWorld world(test::kFakePubSubInfo, {.app_id = "shop", .limits = {.most_message_bytes = 8}});
  struct Row {
    MessageRequest message;
    StatusCode code;
    std::string_view words;
  };
  MessageRequest bad_json = MessageOf("{");
  bad_json.content_type = "application/json; charset=utf-8";
  MessageRequest bad_envelope = MessageOf("[]");
  bad_envelope.content_type = "application/cloudevents+json";
  MessageRequest bad_ttl = MessageOf("x");
  bad_ttl.ttl_ms = -1;
  const Pairs raw{{"rawPayload", "perhaps"}};
  MessageRequest bad_metadata = MessageOf("x");
  bad_metadata.metadata = raw;
  for (const Row& row : {Row{MessageOf("123456789"), StatusCode::kOutOfRange, "max_message_bytes"},
                         Row{bad_json, StatusCode::kInvalidArgument, "is not JSON"},
                         Row{bad_envelope, StatusCode::kInvalidArgument, "byte"},
                         Row{bad_ttl, StatusCode::kInvalidArgument, "ttl_ms is -1"},
                         Row{bad_metadata, StatusCode::kInvalidArgument, "rawPayload"}}) {
    const Status status = world.Publish(row.message);
    INFO(status.message());
    CHECK(status.code() == row.code);
    CHECK(Holds(status, row.words));
    REQUIRE((world.last->error() != nullptr));
    CHECK(Holds(world.last->error()->message, "pubsub \"messages\" (pubsub.fake): publish \"cre"));
  }
  CHECK(IsInvalidArgument(world.Publish({MessageOf("x")}, {}, "")));
  CHECK(IsInvalidArgument(world.Publish(std::vector<MessageRequest>())));
  CHECK(world.tries == 0);
  CHECK(world.Publish(MessageOf("12345678")).ok());
}

TEST_CASE("an envelope of the publisher's own keeps its id, and no other one") {
  BlockWorld world;
  MessageRequest message = MessageOf(R"({"id":"e-1","source":"me","data":1})");
  message.content_type = "application/cloudevents+json";
  REQUIRE(world.Publish(message).ok());
  CHECK(world.Item(0).key == "e-1");
  CHECK(Holds(world.taken[0].payload, R"("source":"me")"));
  message.id = "e-1";
  CHECK(world.Publish(message).ok());
  message.id = "e-2";
  const Status status = world.Publish(message);
  CHECK(IsInvalidArgument(status));
  CHECK(Holds(status, "e-2"));
}

TEST_CASE("of several messages those that are wrong fail alone") {
  BlockWorld world;
  MessageRequest wrong = MessageOf("x");
  wrong.ttl_ms = -1;
  REQUIRE(world.Publish({MessageOf("a"), wrong, MessageOf("b")}).ok());
  CHECK(world.last->is_partial());
  CHECK(world.taken.size() == 2);
  CHECK(world.CodeOf(0) == StatusCode::kOk);
  CHECK(world.CodeOf(1) == StatusCode::kInvalidArgument);
  CHECK(world.Item(2).etag.view() == "2-0");
  REQUIRE((world.Item(1).error != nullptr));
  CHECK(Holds(world.Item(1).error->message, "(message 1)"));
  CHECK(*world.Item(1).error->FindDetail("index") == "1");
  CHECK(world.service.counters().Read(Verb::kPublishMany).calls == 1);

  const Status none = world.Publish({wrong, wrong});
  CHECK(IsInvalidArgument(none));  // nothing was published
  CHECK(world.taken.size() == 2);
}

TEST_CASE("a further try is made of the messages that failed alone") {
  BlockWorld world;
  std::map<std::string, int> seen;
  world.answer = [&](const OutgoingMessage& message) {
    const int tries = ++seen[std::string(message.key)];
    if (message.key == "late" && tries < 3) {
      return Unavailable("no route");
    }
    return message.key == "bad" ? FailedPrecondition("never") : OkStatus();
  };
  std::vector messages(3, MessageOf("x"));
  messages[0].key = "late";
  messages[1].key = "good";
  messages[2].key = "bad";
  REQUIRE(world.Publish(messages, Retrying()).ok());
  CHECK(world.last->is_partial());
  CHECK(world.last->tries() == 3);
  CHECK(seen == std::map<std::string, int>{{"late", 3}, {"good", 1}, {"bad", 1}});
  CHECK(world.CodeOf(0) == StatusCode::kOk);
  CHECK(world.Item(0).etag.view() == "2-0");
  CHECK(world.CodeOf(1) == StatusCode::kOk);
  CHECK(world.CodeOf(2) == StatusCode::kFailedPrecondition);
}

TEST_CASE("what may have been published is tried again only where that is harmless") {
  for (const bool is_idempotent : {false, true}) {
    BlockWorld world;
    int tries = 0;
    world.answer = [&](const OutgoingMessage&) {
      ++tries;
      return tries == 1 ? MarkApplied(Unavailable("lost"), Applied::kMaybe)
                        : FailedPrecondition("full");
    };
    INFO("idempotent " << is_idempotent);
    const Status one = world.Publish(MessageOf("x"), Retrying(is_idempotent));
    CHECK_FALSE(one.ok());
    CHECK(world.last->may_be_applied());
    CHECK(tries == (is_idempotent ? 2 : 1));
    tries = 0;
    world.Publish({MessageOf("x"), MessageOf("y")}, Retrying(is_idempotent)).IgnoreError();
    CHECK(world.last->may_be_applied());
    CHECK(world.Item(0).status.applied() == Applied::kMaybe);
    CHECK(world.Item(1).status.applied() == Applied::kNo);
    CHECK(tries == (is_idempotent ? 3 : 2));
  }
}

TEST_CASE("a batch that fails as a whole is tried again as a whole") {
  BlockWorld world;
  int tries = 0;
  world.back_end.publish_batch = [&] { return ++tries < 3 ? Unavailable("no route") : OkStatus(); };
  REQUIRE(world.Publish({MessageOf("a"), MessageOf("b")}, Retrying()).ok());
  CHECK_FALSE(world.last->is_partial());
  CHECK(world.taken.size() == 2);
  tries = -100;
  const Status status = world.Publish({MessageOf("a"), MessageOf("b")}, Retrying());
  CHECK(IsUnavailable(status));
  CHECK(world.CodeOf(1) == StatusCode::kUnavailable);
  CHECK(Holds(world.last->error()->message, "publish_many \"created\": no route"));
}

TEST_CASE("releases of data run once, whatever becomes of the messages") {
  BlockWorld world;
  int releases = 0;
  const auto lent = [&](std::string_view bytes) {
    MessageRequest message = MessageOf(bytes);
    message.data.release = [](void* count) { ++*static_cast<int*>(count); };
    message.data.context = &releases;
    return message;
  };
  MessageRequest raw = lent("raw");
  raw.is_raw = true;
  MessageRequest wrong = lent("x");
  wrong.ttl_ms = -1;
  REQUIRE(world.Publish({lent("a"), raw, wrong}).ok());
  CHECK(releases == 3);
  world.Publish(wrong).IgnoreError();
  CHECK(releases == 4);
  world.Publish({lent("a"), lent("b")}, {}, "").IgnoreError();
  CHECK(releases == 6);
  REQUIRE(world.Publish(raw).ok());
  CHECK(releases == 7);
}

Delivery SomeDelivery() {
  Delivery delivery;
  delivery.number = 1;
  delivery.payload = Buffer::CopyOf("bytes");
  delivery.metadata = {{"a", "1"}, {"b", "2"}};
  delivery.key = "k";
  delivery.content_type = "text/xml";
  return delivery;
}

TEST_CASE("a delivery is forwarded as it came") {
  for (const bool may_block : {true, false}) {
    BlockWorld world;
    world.wants_to_block = true;
    Waiter waiter;
    CallContext call;
    call.waiter = &waiter;
    call.may_block = may_block;
    std::optional<Status> outcome;
    {
      const Delivery delivery = SomeDelivery();
      world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
    }
    world.host.WaitForJobs();
    INFO("may block " << may_block);
    REQUIRE(outcome.has_value());
    CHECK(outcome->ok());
    CHECK(world.tries == (may_block ? 1 : 2));
    REQUIRE(world.taken.size() == 1);
    CHECK(world.taken[0].topic == "northdead");
    CHECK(world.taken[0].payload == "bytes");
    CHECK(world.taken[0].content_type == "text/xml");
    CHECK(world.taken[0].key == "k");
    CHECK(world.taken[0].metadata == SomeDelivery().metadata);
  }
}

TEST_CASE("an event is forwarded itself, and a failure is reported as it is") {
  BlockWorld world(test::kFakeMemoryInfo);
  Waiter waiter;
  CallContext call;
  call.waiter = &waiter;
  Delivery delivery;
  delivery.event = std::make_shared<CloudEvent>();
  std::optional<Status> outcome;
  world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
  REQUIRE(world.taken.size() == 1);
  CHECK((world.taken[0].event.get() == delivery.event.get()));
  world.answer = [](const OutgoingMessage&) { return Unavailable("no route"); };
  world.block.Forward(call, "dead", delivery, [&](Status status) { outcome = status; });
  CHECK(IsUnavailable(*outcome));
  CHECK(delivery.event.use_count() == 2);  // ours and the one taken
}

}  // namespace
}  // namespace mecha
