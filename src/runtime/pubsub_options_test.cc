// SPDX-License-Identifier: Apache-2.0
// Pubsub components in a runtime: what their documents say, and their life.
#include "runtime/pubsub_options.h"

#include <nlohmann/json.hpp>

#include "result/status.h"
#include "runtime/runtime.h"
#include "support/catch.h"
#include "support/fake_components.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::FakeBackEnd;
using test::Holds;
using Json = nlohmann::json;

struct PubSubWorld {
  explicit PubSubWorld(const std::string& metadata = {}) {
    options.app_id = "shop";
    options.name_space = "north";
    options.register_components = FakeBackEnd::Register;
    Add("messages", "pubsub.fake", metadata);
  }
  void Add(const std::string& name, const std::string& type, const std::string& metadata = {}) {
    texts.push_back("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: " + name +
                    "}\nspec:\n  type: " + type + "\n  version: v1\n" +
                    (metadata.empty() ? "" : "  metadata:\n" + metadata));
  }
  Status Start() {
    options.resources.texts = {texts.begin(), texts.end()};
    auto opened = Runtime::Open(options);
    RETURN_IF_ERROR(opened.status());
    runtime = *std::move(opened);
    return runtime->Start();
  }
  PubSubBlock& Block() {
    auto found = runtime->components().FindPubSub("messages");
    REQUIRE(found.ok());
    return **found;
  }
  Json Describe() const { return Json::parse(runtime->Describe()); }

  FakeBackEnd back_end;
  RuntimeOptions options;
  std::vector<std::string> texts;
  std::unique_ptr<Runtime> runtime;
};

TEST_CASE("a pubsub component is found by its name, and only as one") {
  PubSubWorld world;
  world.Add("orders", "state.fake");
  REQUIRE(world.Start().ok());
  CHECK(world.runtime->components().FindState("orders").ok());
  CHECK(world.runtime->components().FindPubSub("messages").ok());
  const Status status = world.runtime->components().FindPubSub("orders").status();
  CHECK(IsNotFound(status));
  CHECK(Holds(status, "there is no pubsub component named \"orders\". Loaded: messages"));
  CHECK(IsNotFound(world.runtime->components().FindState("messages").status()));
  CHECK(IsNotFound(world.runtime->components().FindSecrets("messages").status()));
}

TEST_CASE("the consumer group is the app id") {
  PubSubWorld world;
  REQUIRE(world.Start().ok());
  CHECK(world.Block().options().consumer_group == "shop");
  CHECK(world.Block().options().app_id == "shop");
  CHECK(world.Block().BrokerTopic("created") == "created");
}

TEST_CASE("consumerID names another group, without the blanks around it") {
  PubSubWorld world("  - {name: consumerid, value: \"  workers \"}\n");
  REQUIRE(world.Start().ok());
  CHECK(world.Block().options().consumer_group == "workers");
  CHECK(world.Describe()["warnings"].empty());
}

TEST_CASE("without an app id a consumerID is needed") {
  PubSubWorld world;
  world.options.app_id.clear();
  const Status status = world.Start();
  CHECK(IsFailedPrecondition(status));
  CHECK(Holds(status, "consumerID"));
  world.texts.clear();
  world.Add("messages", "pubsub.fake", "  - {name: consumerID, value: workers}\n");
  CHECK(world.Start().ok());
}

TEST_CASE("a placeholder for the namespace anywhere puts it before every topic") {
  PubSubWorld world("  - {name: password, value: \"x{namespace}y\"}\n");
  REQUIRE(world.Start().ok());
  CHECK(world.Block().options().topic_prefix == "north");
  CHECK(world.Block().BrokerTopic("created") == "northcreated");
}

TEST_CASE("without a namespace the placeholder and the topics say default") {
  PubSubWorld world("  - {name: password, value: \"{namespace}\"}\n");
  world.options.name_space.clear();
  REQUIRE(world.Start().ok());
  CHECK(world.Block().BrokerTopic("created") == "defaultcreated");
}

TEST_CASE("scopes in the metadata limit the topics of this application") {
  PubSubWorld world(
      "  - {name: publishingScopes, value: \"shop=created;other=paid\"}\n"
      "  - {name: SubscriptionScopes, value: \"shop=\"}\n"
      "  - {name: password, value: \"{namespace}\"}\n");
  REQUIRE(world.Start().ok());
  CHECK(world.Block().CheckPublish("created").ok());
  CHECK(world.Block().CheckPublish("paid").code() == StatusCode::kPermissionDenied);
  CHECK(world.Block().CheckSubscribe("created").code() == StatusCode::kPermissionDenied);
  CHECK(world.Describe()["warnings"].empty());
}

TEST_CASE("a scope that cannot be read keeps the component from starting") {
  PubSubWorld world("  - {name: publishingScopes, value: \"shop\"}\n");
  const Status status = world.Start();
  CHECK(IsInvalidArgument(status));
  CHECK(Holds(status, "publishingScopes has the entry \"shop\""));
}

TEST_CASE("a runtime that resumes is another consumer") {
  PubSubWorld world;
  REQUIRE(world.Start().ok());
  const std::string first = world.Block().options().consumer_name;
  CHECK(first == "shop-" + world.runtime->instance_id());
  REQUIRE(world.runtime->Suspend(1s, false, nullptr).ok());
  REQUIRE(world.runtime->Resume().ok());
  CHECK(world.Block().options().consumer_name != first);
  CHECK(world.Block().options().consumer_name == "shop-" + world.runtime->instance_id());
}

TEST_CASE("describe shows a pubsub component, and a broken one is UNAVAILABLE") {
  PubSubWorld world;
  world.back_end.init = [](const std::string&, const CallContext&, const Settings&) {
    return Unavailable("no route");
  };
  world.options.settings.start = StartPolicy::kLazy;
  REQUIRE(world.Start().ok());
  const Status status = world.runtime->components().FindPubSub("messages").status();
  CHECK(IsUnavailable(status));
  CHECK(Holds(status, "no route"));
  const Json component = world.Describe()["components"][0];
  CHECK(component["type"] == "pubsub.fake");
  CHECK(component["health"] == "broken");
  CHECK(world.Describe()["limits"]["max_message_bytes"] == 64 << 20);
}

TEST_CASE("a pubsub component closes once, also after a failed start") {
  PubSubWorld world;
  bool is_broken = true;
  world.back_end.init = [&](const std::string&, const CallContext&, const Settings&) {
    return is_broken ? Unavailable("no route") : OkStatus();
  };
  CHECK(IsUnavailable(world.Start()));
  CHECK(world.back_end.Count("close messages") == 1);
  is_broken = false;
  REQUIRE(world.runtime->Start().ok());
  CHECK(world.runtime->Ping({}, "messages").ok());
  REQUIRE(world.runtime->Shutdown(0s, nullptr).ok());
  CHECK(world.back_end.Count("close messages") == 2);
}

}  // namespace
}  // namespace mecha
