// SPDX-License-Identifier: Apache-2.0
#include "stores.h"

TEST_CASE("a message is published and its id comes back") {
  const mecha::Runtime runtime = StartedBroker();
  const mecha::PubSub messages = runtime.pubsub("messages");
  CHECK(messages.name() == "messages");
  mecha::Message message = mecha::Message::Json(R"({"n": 1})");
  message.id = "m-1";
  const mecha::Entry subject{"cloudevent.subject", "orders"};
  message.metadata = {&subject, 1};
  const mecha::Result<mecha::Published> published = messages.Publish("created", message);
  REQUIRE(published.ok());
  CHECK(published->id() == "m-1");
  CHECK(published->broker_id().empty());
  const auto plain = messages.Publish("created", mecha::Message::Of("hello"));
  REQUIRE(plain.ok());
  CHECK(plain->id().size() == 36);
}

TEST_CASE("several messages are published, and each tells how it went") {
  const mecha::Runtime runtime = StartedBroker();
  const mecha::PubSub messages = runtime.pubsub("messages");
  const auto published = messages.PublishMany(
      "created", {mecha::Message::Of("a"), mecha::Message::Json("{"), mecha::Message::Of("b")});
  REQUIRE(published.ok());
  CHECK(published.status() == mecha::Status::kPartial);
  REQUIRE(published->size() == 3);
  CHECK((*published)[0].status == mecha::Status::kOk);
  CHECK((*published)[1].status == mecha::Status::kInvalidArgument);
  CHECK(published->Message(1).find("JSON") != std::string_view::npos);
  CHECK((*published)[2].key.size() == 36);
}

TEST_CASE("a publish reports to a queue") {
  const mecha::Runtime runtime = StartedBroker();
  const mecha::PubSub messages = runtime.pubsub("messages");
  auto queue = mecha::Queue::Open(runtime);
  REQUIRE(queue.ok());
  REQUIRE(messages.PublishAsync(*queue, 1, "created", mecha::Message::Of("a")).pending());
  auto one = queue->Next(std::chrono::seconds(10));
  REQUIRE(one.ok());
  CHECK(one->token() == 1);
  const auto published = one->Take<mecha::Published>();
  REQUIRE(published.ok());
  CHECK(published->id().size() == 36);
  REQUIRE(messages
              .PublishManyAsync(*queue, 2, "created",
                                {mecha::Message::Of("a"), mecha::Message::Of("b")})
              .pending());
  auto many = queue->Next(std::chrono::seconds(10));
  REQUIRE(many.ok());
  const auto all = many->Take<mecha::PublishedMany>();
  REQUIRE(all.ok());
  CHECK(all->size() == 2);
}

TEST_CASE("a message that is wrong, and a component that is none, are errors with words") {
  const mecha::Runtime runtime = StartedBroker();
  mecha::Message message = mecha::Message::Of("x");
  message.ttl = std::chrono::milliseconds(-1);
  const auto wrong = runtime.pubsub("messages").Publish("created", message);
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.status() == mecha::Status::kInvalidArgument);
  CHECK(wrong.error().message().find("ttl_ms") != std::string_view::npos);
  CHECK(wrong.error().Detail("component") == "messages");
  const auto nowhere = runtime.pubsub("orders").Publish("created", mecha::Message::Of("x"));
  REQUIRE_FALSE(nowhere.ok());
  CHECK(nowhere.status() == mecha::Status::kNotFound);
  CHECK(nowhere.error().message().find("messages") != std::string_view::npos);
}
