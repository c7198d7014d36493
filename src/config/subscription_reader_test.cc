// SPDX-License-Identifier: Apache-2.0
#include "config/subscription_reader.h"

#include "config/load_resources.h"
#include "result/status.h"
#include "support/catch.h"
#include "support/config/resource_texts.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using test::CheckHolds;
using test::CheckRefused;
using test::Load;
using test::Loaded;

SubscriptionSpec Spec(std::string_view text, std::vector<std::string>* warnings = nullptr) {
  StatusOr<SubscriptionSpec> spec = ReadSubscriptionSpec(text, warnings);
  if (!spec.ok()) {
    FAIL(spec.status().message());
  }
  return *std::move(spec);
}

// A v2alpha1 document with the lines of `spec` below pubsubname (line 5) and topic (line 6).
std::string Second(std::string_view spec, std::string_view name = "orders") {
  return "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: " + std::string(name) +
         "}\nspec:\n  pubsubname: bus\n  topic: orders\n" + std::string(spec);
}

std::string First(std::string_view spec) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata: {name: a}\nspec:\n" +
         std::string(spec);
}

constexpr std::string_view kDefault = "  routes: {default: /orders}\n";

std::string WithMetadata(std::string_view entries) {
  return Second(std::string(kDefault) + "  metadata: {" + std::string(entries) + "}\n");
}

std::string Joined(const std::vector<SubscriptionMetadata>& metadata) {
  std::string text;
  for (const auto& [name, value] : metadata) {
    text += name + "=" + value + ";";
  }
  return text;
}

// Strict mode refuses; Dapr's mode warns, and keeps or leaves out the document.
void CheckKept(const std::string& text, std::string_view wanted, size_t kept = 0) {
  INFO(text);
  const Status status = Load(text).status();
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CheckHolds(status.message(), wanted);
  const ResourceSet resources = Loaded(text, Strictness::kDapr);
  REQUIRE_FALSE(resources.warnings.empty());
  CheckHolds(resources.warnings.back(), wanted);
  CHECK(resources.subscriptions.size() == kept);
}

void CheckKeptWithWarning(const std::string& text, std::string_view wanted) {
  INFO(text);
  const ResourceSet resources = Loaded(text);
  CHECK(resources.subscriptions.size() == 1);
  REQUIRE(resources.warnings.size() == 1);
  CheckHolds(resources.warnings[0], wanted);
}

TEST_CASE("a subscription of the second version is read with everything it says") {
  const ResourceSet resources = Loaded(R"(apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: orders
  namespace: production
spec:
  pubsubname: bus
  topic: orders
  routes:
    rules:
      - match: event.type == "order.cancelled"
        path: /cancelled
      - path: /rest
    default: /default
  deadLetterTopic: bad-orders
  bulkSubscribe:
    enabled: true
    maxMessagesCount: 20
    maxAwaitDurationMs: 250
  metadata:
    routingKey: a,b
    redeliveryAttempts: 3
    maxLen: 10
    RedeliveryInterval: 200ms
    redeliveryMaxInterval: "2s"
    rawPayload: "true"
    queueType: ~
scopes: [shop, other]
)");
  CHECK(resources.warnings.empty());
  REQUIRE(resources.subscriptions.size() == 1);
  const SubscriptionDocument& document = resources.subscriptions[0];
  CHECK(document.name == "orders");
  CHECK(document.name_space == "production");
  CHECK(document.scopes == std::vector<std::string>{"shop", "other"});
  CHECK(ToText(document.location) == "text 1:1:1");
  const SubscriptionSpec& spec = document.spec;
  CHECK(ToText(spec.location) == "text 1:7:3");
  CHECK(spec.pubsub_name == "bus");
  CHECK(spec.topic == "orders");
  REQUIRE(spec.rules.size() == 2);
  CHECK(spec.rules[0].match == "event.type == \"order.cancelled\"");
  CHECK(spec.rules[0].path == "/cancelled");
  CHECK(ToText(spec.rules[0].location) == "text 1:11:16");
  CHECK(spec.rules[1].match.empty());
  CHECK(spec.rules[1].path == "/rest");
  CHECK(spec.default_path == "/default");
  CHECK(spec.dead_letter_topic == "bad-orders");
  CHECK(spec.bulk.is_enabled);
  CHECK(spec.bulk.most_messages == 20);
  CHECK(spec.bulk.longest_wait == 250ms);
  CHECK(spec.redelivery.attempts == 3);
  CHECK(spec.redelivery.interval == 200ms);
  CHECK(spec.redelivery.longest_interval == 2s);
  CHECK(spec.is_raw);
  CHECK(Joined(spec.metadata) == "routingKey=a,b;maxLen=10;rawPayload=true;queueType=;");
}

TEST_CASE("the route of the first version is the default route and the rest has defaults") {
  const ResourceSet resources =
      Loaded(First("  pubsubname: bus\n  topic: orders\n  route: /orders\n"));
  CHECK(resources.warnings.empty());
  REQUIRE(resources.subscriptions.size() == 1);
  const SubscriptionSpec& spec = resources.subscriptions[0].spec;
  CHECK(spec.rules.empty());
  CHECK(spec.default_path == "/orders");
  CHECK(spec.dead_letter_topic.empty());
  CHECK(spec.metadata.empty());
  CHECK_FALSE(spec.is_raw);
  CHECK_FALSE(spec.bulk.is_enabled);
  CHECK(spec.bulk.most_messages == 100);
  CHECK(spec.bulk.longest_wait == 1s);
  CHECK(spec.redelivery.attempts == 5);
  CHECK(spec.redelivery.interval == 1s);
  CHECK(spec.redelivery.longest_interval == 60s);
}

TEST_CASE("rules without a default leave the rest of the messages nowhere to go") {
  const ResourceSet resources =
      Loaded(Second("  routes: {rules: [{match: event.type == 'a', path: /a}]}\n"));
  REQUIRE(resources.subscriptions.size() == 1);
  CHECK_FALSE(resources.subscriptions[0].spec.default_path.has_value());
}

TEST_CASE("scopes and namespaces choose subscriptions and a name is taken once") {
  const std::string ours = Second(kDefault, "ours");
  const std::string theirs = Second(std::string(kDefault) + "scopes: [other]\n", "theirs");
  const std::string far = Second(kDefault, "ours, namespace: far");
  LoadOptions options;
  options.app_id = "shop";
  options.name_space = "here";
  const auto chosen = LoadResources(options, {{}, {ours, theirs, far}});
  REQUIRE(chosen.ok());
  REQUIRE(chosen->subscriptions.size() == 1);
  CHECK(chosen->subscriptions[0].name == "ours");
  // Two kinds may share a name; two subscriptions may not, also when one is for somebody else.
  const std::string component =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: theirs}\n"
      "spec: {type: pubsub.redis}\n";
  CHECK(LoadResources(options, {{}, {theirs, component}}).ok());
  const Status twice = LoadResources(options, {{}, {theirs, Second(kDefault, "theirs")}}).status();
  CHECK(twice.code() == StatusCode::kAlreadyExists);
  CHECK(twice.message() ==
        "text 2:1:1: a second subscription is named \"theirs\", the first is at text 1:1:1. Rename "
        "or remove one.");
}

TEST_CASE("a subscription that Dapr would never deliver to is an error in strict mode") {
  CheckKept("apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata: {name: a}\n",
            "text 1:1:1: spec is missing");
  CheckKept(First("  topic: a\n  route: /a\n"), "text 1:5:3: spec.pubsubname is missing");
  CheckKept(First("  pubsubname: a\n  route: /a\n"), "spec.topic is missing");
  CheckKept(First("  pubsubname: a\n  topic: a\n"), "Write \"route: /orders\"");
  CheckKept(Second(""), "Write \"routes:\" with \"default: /orders\" below it");
  CheckKept(Second("  routes: {}\n"), "no message is delivered without a route");
  CheckKept(Second("  route: /a\n"), "\"route\" is of v1alpha1: write \"routes:\"");
  CheckKept(First("  pubsubname: a\n  topic: a\n  routes: {default: /a}\n"),
            "\"routes\" is of v2alpha1: write \"apiVersion: dapr.io/v2alpha1\"");
  CheckKept(Second("  routes: {rules: [{match: a}]}\n"), "text 1:7:20: a rule has no path");
  CheckKept(Second("  routes: {rules: [a]}\n"), "must have \"match\" and \"path\"");
  CheckKept(Second("  routes: {rules: a}\n"), "\"rules\" must be a list");
  CheckKept(Second("  routes: /a\n"), "\"routes\" must be a mapping");
  CheckKept(Second("  routes: {default: /a}\n  bulkSubscribe: {enabled: perhaps}\n"),
            "bulkSubscribe.enabled \"perhaps\" is not true or false");
  CheckKept(Second("  routes: {default: /a}\n  bulkSubscribe: {maxMessagesCount: -1}\n"),
            "bulkSubscribe.maxMessagesCount \"-1\" is not a whole number of 32 bits");
  CheckKept(WithMetadata("a: [b]"), "text 1:8:17: metadata \"a\" must be one value");
  CheckKept(WithMetadata("queueType: a, QueueType: b"),
            "\"QueueType\" is set a second time, first at text 1:8:14. Remove one.", 1);
  CheckKept(Second(std::string(kDefault) + "  deadLetterTopic: orders\n"),
            "text 1:8:20: deadLetterTopic is the subscription's own topic", 1);
}

TEST_CASE("what the library itself acts on is checked in both modes") {
  CheckRefused(WithMetadata("redeliveryAttempts: 0"),
               "text 1:8:34: metadata redeliveryAttempts \"0\" is not a whole number above zero");
  CheckRefused(WithMetadata("redeliveryAttempts: many"), "write \"1\" for a single one");
  CheckRefused(WithMetadata("redeliveryAttempts: 99999999999"), "redeliveryAttempts");
  CheckRefused(WithMetadata("redeliveryInterval: 5"), "Write one like \"500ms\"");
  CheckRefused(WithMetadata("redeliveryMaxInterval: -1s"),
               "metadata redeliveryMaxInterval \"-1s\"");
  CheckRefused(WithMetadata("redeliveryMaxInterval: 1s, redeliveryInterval: 2s"),
               "redeliveryMaxInterval is below redeliveryInterval");
  CheckRefused(WithMetadata("rawPayload: maybe"), "metadata rawPayload \"maybe\"");
}

TEST_CASE("a long interval alone raises the longest one") {
  const ResourceSet resources = Loaded(WithMetadata("redeliveryInterval: 5m"));
  REQUIRE(resources.subscriptions.size() == 1);
  CHECK(resources.subscriptions[0].spec.redelivery.longest_interval == 5min);
}

TEST_CASE("unknown keys of a subscription are warned about with the nearest one") {
  CheckKeptWithWarning(
      Second(std::string(kDefault) + "  deadletterTopic: bad\n"),
      "text 1:8:3: unknown key \"deadletterTopic\" in spec; it has no effect. Did you mean "
      "\"deadLetterTopic\"?");
  CheckKeptWithWarning(Second("  routes: {default: /a, rule: []}\n"), "Did you mean \"rules\"?");
  CheckKeptWithWarning(Second("  routes: {rules: [{mach: a, path: /a}]}\n"),
                       "Did you mean \"match\"?");
  CheckKeptWithWarning(Second(std::string(kDefault) + "scope: [a]\n"), "Did you mean \"scopes\"?");
  CheckKeptWithWarning(
      WithMetadata("redeliveryAttemps: 2"),
      "metadata \"redeliveryAttemps\" goes to the component as it is. Did you mean "
      "\"redeliveryAttempts\"?");
  CheckKeptWithWarning(Second("  routes: {rules: [{path: /a}, {match: b, path: /b}]}\n"),
                       "this rule is never reached");
}

TEST_CASE("a spec on its own may be YAML or JSON and leaves out what the host says elsewhere") {
  const SubscriptionSpec yaml = Spec(
      "topic: orders\nroutes:\n  rules:\n    - {match: 'event.id == \"1\"', path: one}\n"
      "  default: rest\nmetadata: {redeliveryAttempts: 2}\n");
  CHECK(yaml.pubsub_name.empty());
  CHECK(yaml.topic == "orders");
  REQUIRE(yaml.rules.size() == 1);
  CHECK(yaml.rules[0].match == "event.id == \"1\"");
  CHECK(ToText(yaml.rules[0].location) == "spec:4:15");
  CHECK(yaml.default_path == "rest");
  CHECK(yaml.redelivery.attempts == 2);

  const SubscriptionSpec json = Spec(
      "{\n\t\"pubsubname\": \"bus\",\n\t\"deadLetterTopic\": \"bad\\/\\u00e9\\ud83d\\ude00\",\n"
      "\t\"metadata\": {\"rawPayload\": \"true\", \"n\": 1}}");
  CHECK(json.pubsub_name == "bus");
  CHECK(json.dead_letter_topic == "bad/\u00e9\U0001F600");
  CHECK(json.is_raw);
  CHECK(json.metadata.size() == 2);
  CHECK(json.default_path == "");

  for (const std::string_view nothing : {"", "{}", "# nothing\n"}) {
    const SubscriptionSpec empty = Spec(nothing);
    CHECK(empty.default_path == "");
    CHECK(empty.redelivery.attempts == 5);
  }
  CHECK_FALSE(Spec("routes: {rules: [{match: a, path: b}]}").default_path.has_value());
}

TEST_CASE("a spec on its own says what is wrong with it and warns on request") {
  const auto message = [](std::string_view text) {
    const Status status = ReadSubscriptionSpec(text).status();
    CHECK(status.code() == StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CheckHolds(message("a: [\n"), "spec:2:1: not valid YAML");
  CheckHolds(message("- a"), "spec:1:1: the spec must be a mapping");
  CheckHolds(message("a"), "the spec must be a mapping");
  CheckHolds(message(Second(kDefault)), "only what stands below its \"spec:\"");
  CheckHolds(message("metadata: {redeliveryAttempts: 0, redeliveryInterval: x}"),
             "\nspec:1:55: metadata redeliveryInterval \"x\"");
  CHECK(ReadSubscriptionSpec(std::string((1 << 20) + 1, ' ')).status().code() ==
        StatusCode::kResourceExhausted);
  std::vector<std::string> warnings = {"earlier"};
  Spec("route: /a", &warnings);
  REQUIRE(warnings.size() == 2);
  CheckHolds(warnings[1], "Did you mean \"routes\"?");
}

}  // namespace
}  // namespace mecha
