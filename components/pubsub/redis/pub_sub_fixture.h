// SPDX-License-Identifier: Apache-2.0
// PubSubFixture: a private server, a host and a broker on it, and what the server says of a group.
// For tests only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis_pub_sub.h"
#include "support/catch.h"
#include "support/feed_recorder.h"
#include "support/moment.h"
#include "support/pub_sub_user.h"
#include "support/redis_server.h"
#include "support/state_store_user.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

using test::AwaitThat;
using test::DoneWith;
using test::FeedRecorder;
using test::Fields;
using test::PubSubUser;
using test::ReturnOf;
using test::TestCall;

// A broker in this process: another one is as good as another process.
class Broker {
 public:
  Broker(const std::string& address, Fields fields, Cryptography* cryptography = nullptr) {
    host.cryptography = cryptography;
    fields.emplace("redisHost", address);
    fields.emplace("processingTimeout", "60s");
    fields.emplace("redeliverInterval", "15s");
    settings_.emplace(test::MakeSettings("pubsub.redis", fields));
    TestCall call;
    const Status status = pub_sub.Init(call.context, *settings_, host);
    INFO(status.message());
    REQUIRE(status.ok());
  }
  ~Broker() { pub_sub.Close(); }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

 private:
  std::optional<Settings> settings_;

 public:
  test::TestHost host;
  RedisPubSub pub_sub;
  PubSubUser user{pub_sub};
};

// One subscription with what it got.
class Subscriber {
 public:
  explicit Subscriber(Broker& broker, const std::string& consumer = "consumer-1",
                      const std::string& topic = "orders", const std::string& group = "shop") {
    auto subscribed = broker.user.Subscribe(topic, group, recorder, consumer);
    INFO(subscribed.status().message());
    REQUIRE(subscribed.ok());
    feed = *std::move(subscribed);
  }
  ~Subscriber() {
    if (feed != nullptr) {
      End();
    }
    CHECK(recorder.Complaints() == "");
  }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void End() { CHECK(PubSubUser::End(feed, recorder).ok()); }
  void Request(size_t more) { recorder.Request(*feed, more); }
  Status Done(size_t index) { return PubSubUser::Settle(*feed, DoneWith(recorder.at(index))); }
  Status Return(size_t index) { return PubSubUser::Settle(*feed, ReturnOf(recorder.at(index))); }

  FeedRecorder recorder;
  std::unique_ptr<Feed> feed;
};

struct PubSubFixture {
  explicit PubSubFixture(const Fields& fields = {}, const test::RedisServerOptions& options = {})
      : server(options), broker(server.address(), fields) {}

  // The first number in what XPENDING says: how many entries of the group nobody has settled.
  int Pending(const std::string& topic = "orders", const std::string& group = "shop") {
    const std::string reply = server.Command({"XPENDING", topic, group});
    const size_t colon = reply.find(':');
    return colon == reply.npos ? -1 : std::stoi(reply.substr(colon + 1));
  }
  bool HasConsumer(const std::string& name, const std::string& topic = "orders") {
    return server.Command({"XINFO", "CONSUMERS", topic, "shop"}).find(name) != std::string::npos;
  }

  test::TestRedis server;
  Broker broker;
};

}  // namespace MECHA_COMPONENT
