// SPDX-License-Identifier: Apache-2.0
#include "pubsub/topic_scopes.h"

#include <map>

#include "encoding/ascii.h"
#include "support/catch.h"

namespace mecha {
namespace {

StatusOr<TopicScopes> Read(std::map<std::string, std::string> fields, std::string app_id = "shop") {
  std::map<std::string, Settings::Value, std::less<>> values;
  for (const auto& [name, text] : fields) {
    values[ToLower(name)] = {text, false, 1};
  }
  Settings::Identity identity;
  identity.app_id = std::move(app_id);
  return TopicScopes::Create(Settings(std::move(identity), std::move(values)));
}

TopicScopes Scopes(std::map<std::string, std::string> fields, std::string app_id = "shop") {
  StatusOr<TopicScopes> scopes = Read(std::move(fields), std::move(app_id));
  if (!scopes.ok()) {
    FAIL(scopes.status().message());
  }
  return *std::move(scopes);
}

TEST_CASE("without scopes every topic is open") {
  const TopicScopes scopes = Scopes({});
  CHECK(scopes.CheckPublish("orders").ok());
  CHECK(scopes.CheckSubscribe("orders").ok());
}

TEST_CASE("an application that is named has the topics of its list and no others") {
  const TopicScopes scopes = Scopes(
      {{"publishingScopes", "bar=x; shop = orders, bills ;foo="}, {"subscriptionScopes", "shop="}});
  CHECK(scopes.CheckPublish("orders").ok());
  CHECK(scopes.CheckPublish("bills").ok());
  CHECK(scopes.CheckPublish("x").message() ==
        "topic \"x\" is not among those of app id \"shop\" in publishingScopes. Add it there.");
  CHECK(scopes.CheckPublish("x").code() == StatusCode::kPermissionDenied);
  CHECK_FALSE(scopes.CheckSubscribe("orders").ok());
}

TEST_CASE("an application that is not named has every topic that is not protected") {
  const TopicScopes scopes =
      Scopes({{"publishingScopes", "bar=x;foo="}, {"protectedTopics", "secret, x"}});
  CHECK(scopes.CheckPublish("orders").ok());
  CHECK(scopes.CheckSubscribe("orders").ok());
  CHECK_FALSE(scopes.CheckPublish("x").ok());
  CHECK(scopes.CheckSubscribe("secret").message() ==
        "topic \"secret\" is protected and not among those of app id \"shop\" in "
        "subscriptionScopes. Add it there.");
}

TEST_CASE("a protected topic is open to those who are named with it") {
  const TopicScopes scopes =
      Scopes({{"publishingScopes", "shop=secret"}, {"protectedTopics", "secret"}});
  CHECK(scopes.CheckPublish("secret").ok());
  CHECK_FALSE(scopes.CheckPublish("orders").ok());
  CHECK_FALSE(scopes.CheckSubscribe("secret").ok());
  CHECK(scopes.CheckSubscribe("orders").ok());
}

TEST_CASE("allowed topics limit everybody also those who are named with others") {
  const TopicScopes scopes =
      Scopes({{"allowedTopics", "orders,bills"}, {"publishingScopes", "shop=orders,other"}});
  CHECK(scopes.CheckPublish("orders").ok());
  CHECK_FALSE(scopes.CheckPublish("bills").ok());
  CHECK(scopes.CheckPublish("other").message() ==
        "topic \"other\" is not among the component's allowedTopics. Add it there.");
  CHECK(scopes.CheckSubscribe("bills").ok());
  CHECK_FALSE(scopes.CheckSubscribe("other").ok());
}

TEST_CASE("a scope that cannot be read is refused because it would limit nobody") {
  for (const char* bad : {"shop", "bar=x;shop", "=x", "shop=a=b"}) {
    INFO(bad);
    const Status status = Read({{"subscriptionScopes", bad}}).status();
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().starts_with("subscriptionScopes has the entry "));
    CHECK(status.message().ends_with("Write \"app1=topic1,topic2;app2=topic3\"."));
  }
  CHECK(Read({{"publishingScopes", "a=x;a=y"}}).status().message().find("stands there before") !=
        std::string_view::npos);
  CHECK(Read({{"publishingScopes", "a=x;;"}}).ok());
  CHECK(Scopes({{"publishingScopes", "a=x"}}, "").CheckPublish("orders").ok());
}

TEST_CASE("the placeholder of the namespace counts wherever it stands in the metadata") {
  ComponentDocument document;
  document.metadata.push_back({"host", "localhost", std::nullopt, "", true, {}});
  document.metadata.push_back({"password", std::nullopt, SecretReference{"a", "b"}, "", false, {}});
  CHECK_FALSE(NamesTopicsByNamespace(document));
  document.metadata.push_back({"consumerID", "x-{namespace}", std::nullopt, "", true, {}});
  CHECK(NamesTopicsByNamespace(document));
}

}  // namespace
}  // namespace mecha
