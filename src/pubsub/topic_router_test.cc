// SPDX-License-Identifier: Apache-2.0
#include "pubsub/topic_router.h"

#include "pubsub/event_map.h"
#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

CloudEvent Order(std::string_view type = "order.created") {
  static constexpr CloudEvent::Extension kExtensions[] = {{"region", "\"eu\""}, {"level", "7"}};
  CloudEvent event;
  event.id = "1";
  event.type = type;
  event.subject = "";
  event.datacontenttype = "application/json";
  event.extensions = kExtensions;
  event.data_kind = CloudEvent::DataKind::kJson;
  event.data = Buffer::CopyOf(R"({"amount": 12, "tags": ["gift"]})");
  OwnText(event);
  return event;
}

SubscriptionSpec Spec(std::vector<std::pair<std::string, std::string>> rules,
                      std::optional<std::string> default_path = std::nullopt) {
  SubscriptionSpec spec;
  int line = 10;
  for (auto& [match, path] : rules) {
    spec.rules.push_back({std::move(match), std::move(path), {"a.yaml", line++, 16}});
  }
  spec.default_path = std::move(default_path);
  return spec;
}

TopicRouter Router(const SubscriptionSpec& spec) {
  Findings findings(Strictness::kStrict);
  std::optional<TopicRouter> router = TopicRouter::Create(spec, findings);
  if (!router.has_value() || findings.HasErrors()) {
    FAIL(findings.ToStatus().message());
  }
  return *std::move(router);
}

std::string Routed(const TopicRouter& router, const CloudEvent& event) {
  const auto path = router.Route(event);
  if (!path.ok()) {
    CHECK(path.status().code() == StatusCode::kFailedPrecondition);
    return std::string(path.status().message());
  }
  return path->has_value() ? std::string(**path) : "nowhere";
}

TEST_CASE("the first rule that matches takes the message and the default what is left") {
  const TopicRouter router = Router(Spec({{"event.type == 'order.created'", "/created"},
                                          {"event.type.startsWith('order.')", "/order"},
                                          {"event.type == 'order.deleted'", "/never"}},
                                         "/rest"));
  CHECK(Routed(router, Order()) == "/created");
  CHECK(Routed(router, Order("order.deleted")) == "/order");
  CHECK(Routed(router, Order("user.created")) == "/rest");
  CHECK(router.looks_at_events());
  CHECK(router.paths() == std::vector<std::string_view>{"/created", "/order", "/never", "/rest"});
}

TEST_CASE("a message that no rule takes goes nowhere") {
  const TopicRouter router = Router(Spec({{"event.type == 'x'", "/x"}, {"event.id == '2'", "/x"}}));
  CHECK(Routed(router, Order()) == "nowhere");
  CHECK(router.paths() == std::vector<std::string_view>{"/x"});
  const TopicRouter none = Router(Spec({}));
  CHECK(Routed(none, Order()) == "nowhere");
  CHECK(none.paths().empty());
}

TEST_CASE("a rule without a match takes every message before the default") {
  const TopicRouter router = Router(
      Spec({{"event.type == 'x'", "/x"}, {"", "/all"}, {"event.id == '1'", "/one"}, {"", "/two"}},
           "/default"));
  CHECK(Routed(router, Order()) == "/all");
  CHECK(Routed(router, Order("x")) == "/x");
  CHECK(router.paths() == std::vector<std::string_view>{"/x", "/all"});
}

TEST_CASE("a default alone takes every message unread and may be empty") {
  const TopicRouter router = Router(Spec({}, ""));
  CHECK_FALSE(router.looks_at_events());
  CHECK(Routed(router, Order()).empty());
  CHECK(router.paths() == std::vector<std::string_view>{""});
}

TEST_CASE("a rule that fails fails the message and no later rule is asked") {
  const TopicRouter router =
      Router(Spec({{"event.type == 'x'", "/x"}, {"event.data.customer == 'me'", "/me"}}, "/rest"));
  CHECK(Routed(router, Order("x")) == "/x");
  CHECK(Routed(router, Order()) ==
        "the rule \"event.data.customer == 'me'\" fails: at column 12: there is no key "
        "\"customer\"; ask with has() first.");
  const TopicRouter text = Router(Spec({{"event.type", "/x"}}));
  CHECK(Routed(text, Order()).find("gives string, not true or false") != std::string::npos);
}

TEST_CASE("a rule that does not compile is refused in both modes with its place") {
  const SubscriptionSpec spec = Spec({{"event.type = 'x'", "/x"}, {"", "/y"}, {"1 +", "/z"}});
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    Findings findings(strictness);
    CHECK_FALSE(TopicRouter::Create(spec, findings).has_value());
    CHECK(findings.ToStatus().message() ==
          "a.yaml:10:16: the rule \"event.type = 'x'\" cannot be used: at column 12: \"=\" is no "
          "sign of an expression. Two values are compared with \"==\".\n"
          "a.yaml:12:16: the rule \"1 +\" cannot be used: at column 4: here is the end where a "
          "value should be.");
  }
}

TEST_CASE("a name that is no variable is an error in strict mode and a warning in the other") {
  const SubscriptionSpec spec = Spec({{"evnt.type == created || event.id == '1'", "/x"}});
  Findings strict(Strictness::kStrict);
  CHECK(TopicRouter::Create(spec, strict).has_value());
  CHECK(strict.ToStatus().message() ==
        "a.yaml:10:16: the rule names \"evnt\", but the only variable is \"event\". Did you mean "
        "\"event\"?\n"
        "a.yaml:10:16: the rule names \"created\", but the only variable is \"event\". Write "
        "event.created, or put quotes around a text.");
  Findings dapr(Strictness::kDapr);
  const std::optional<TopicRouter> router = TopicRouter::Create(spec, dapr);
  REQUIRE(router.has_value());
  CHECK(dapr.warnings().size() == 2);
  CHECK(Routed(*router, Order()) == "/x");
}

bool Holds(std::string_view match, const CloudEvent& event) {
  const std::string path = Routed(Router(Spec({{std::string(match), "yes"}}, "no")), event);
  CHECK((path == "yes" || path == "no"));
  return path == "yes";
}

TEST_CASE("the envelope is a map of attributes extensions and data") {
  const CloudEvent event = Order();
  CHECK(Holds("event.subject == '' && !has(event.source) && !has(event.data_base64)", event));
  CHECK(
      Holds("event.region == 'eu' && event.level == 7 && event.level.size() == 1 || true", event));
  CHECK(Holds("event.data.amount > 10 && 'gift' in event.data.tags && size(event) == 7", event));
  CHECK(Holds("event['datacontenttype'].endsWith('json') && !('time' in event)", event));
}

TEST_CASE("text data is a text and binary data is base64 under its own name") {
  CloudEvent event = Order();
  event.data_kind = CloudEvent::DataKind::kText;
  event.data = Buffer::CopyOf("{\"amount\": 12}");
  CHECK(Holds("event.data == '{\"amount\": 12}'", event));
  event.data_kind = CloudEvent::DataKind::kBinary;
  event.data = Buffer::CopyOf("abc");
  CHECK(Holds("!has(event.data) && event.data_base64 == 'YWJj' && size(event) == 7", event));
  event.data_kind = CloudEvent::DataKind::kNone;
  CHECK(Holds("!has(event.data) && !has(event.data_base64) && size(event) == 6", event));
  event.data_kind = CloudEvent::DataKind::kJson;
  event.data = Buffer::CopyOf(" 5 ");
  CHECK(Holds("event.data == 5", event));
  event.data = Buffer::CopyOf("null");
  CHECK(Holds("has(event.data) && event.data == null", event));
}

}  // namespace
}  // namespace mecha
