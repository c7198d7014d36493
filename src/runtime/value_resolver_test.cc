// SPDX-License-Identifier: Apache-2.0
#include "runtime/value_resolver.h"

#include <algorithm>
#include <cstdlib>

#include "encoding/uuid.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"

namespace mecha {
namespace {

void CheckHolds(std::string_view text, std::string_view wanted) {
  INFO(text);
  INFO("lacks: " << wanted);
  CHECK(text.find(wanted) != std::string_view::npos);
}

MetadataItem Item(std::string name) {
  MetadataItem item;
  item.name = std::move(name);
  item.location = {"a.yaml", 9, 13};
  return item;
}
MetadataItem ValueItem(std::string name, std::string value) {
  MetadataItem item = Item(std::move(name));
  item.value = std::move(value);
  return item;
}
MetadataItem SecretItem(std::string name, std::string secret, std::string key = {}) {
  MetadataItem item = Item(std::move(name));
  item.secret = SecretReference{std::move(secret), std::move(key)};
  return item;
}
MetadataItem EnvironmentItem(std::string name, std::string variable) {
  MetadataItem item = Item(std::move(name));
  item.environment_name = std::move(variable);
  return item;
}

// A component with one store, "vault", that knows one secret.
struct ResolverWorld {
  ResolverOptions options;
  ComponentDocument document;
  int fetches = 0;
  unsigned char next_random = 0;

  ResolverWorld() {
    options.app_id = "shop";
    options.name_space = "prod";
    document.secret_store = "vault";
    document.location = {"a.yaml", 1, 1};
  }

  std::vector<ResolvedItem> Resolve(Findings& findings) {
    auto fetch = [this](std::string_view store, std::string_view name) -> StatusOr<Secret> {
      ++fetches;
      if (store != "vault") {
        return Unavailable("no such store");
      }
      if (name == "redis") {
        return Secret{{"redis", "s3cret"}, {"user", "admin"}, {"empty", ""}};
      }
      return name == "broken" ? StatusOr<Secret>(Unavailable("the vault is sealed")) : NotFound();
    };
    auto random = [this](std::span<unsigned char> bytes) {
      std::ranges::fill(bytes, ++next_random);
    };
    ValueResolver resolver(options, fetch, random);
    return resolver.Resolve(document, findings);
  }

  // The text of the one item in a resolution that must succeed.
  std::string Text(MetadataItem item) {
    document.metadata = {std::move(item)};
    Findings findings(Strictness::kStrict);
    const std::vector<ResolvedItem> items = Resolve(findings);
    INFO(findings.ToStatus().message());
    REQUIRE_FALSE(findings.HasErrors());
    REQUIRE(items.size() == 1);
    return items[0].text;
  }

  // Strict mode refuses the item with `wanted`; Dapr's mode warns and leaves the text empty.
  void CheckLenient(MetadataItem item, StatusCode code, std::string_view wanted) {
    document.metadata = {std::move(item)};
    Findings strict(Strictness::kStrict);
    Resolve(strict);
    CHECK(strict.ToStatus().code() == code);
    CheckHolds(strict.ToStatus().message(), wanted);
    Findings dapr(Strictness::kDapr);
    const std::vector<ResolvedItem> items = Resolve(dapr);
    CHECK(dapr.ToStatus().ok());
    REQUIRE(items.size() == 1);
    CHECK(items[0].text.empty());
  }
};

TEST_CASE("a value without references stays as it is") {
  ResolverWorld world;
  CHECK(world.Text(ValueItem("host", "localhost:6379")) == "localhost:6379");
  CHECK(world.Text(ValueItem("json", R"({"a":"{b}"})")) == R"({"a":"{b}"})");
  CHECK(world.Text(Item("nothing")).empty());
  CHECK(world.fetches == 0);
}

TEST_CASE("secrets are fetched once per component and marked") {
  ResolverWorld world;
  world.document.metadata = {SecretItem("password", "redis"), SecretItem("user", "redis", "user"),
                             ValueItem("host", "localhost")};
  Findings findings(Strictness::kStrict);
  const std::vector<ResolvedItem> items = world.Resolve(findings);
  REQUIRE(items.size() == 3);
  CHECK(items[0].text == "s3cret");
  CHECK(items[0].is_secret);
  CHECK(items[1].text == "admin");
  CHECK_FALSE(items[2].is_secret);
  CHECK(world.fetches == 1);
}

TEST_CASE("an empty secret leaves the value that was written") {
  ResolverWorld world;
  MetadataItem item = SecretItem("password", "redis", "empty");
  item.value = "written";
  CHECK(world.Text(item) == "written");
}

TEST_CASE("a secret that cannot be had says why and what to do") {
  ResolverWorld world;
  using Code = StatusCode;
  world.CheckLenient(SecretItem("password", "other"), Code::kNotFound,
                     "a.yaml:9:13: \"password\": the secret \"other\" is not in the secret store "
                     "\"vault\". Add it there");
  world.CheckLenient(SecretItem("password", "redis", "nokey"), Code::kNotFound,
                     "has no key \"nokey\"");
  world.CheckLenient(SecretItem("password", "broken"), Code::kUnavailable,
                     "cannot be read from \"vault\": the vault is sealed");
  world.document.secret_store.clear();
  world.CheckLenient(SecretItem("password", "redis"), Code::kInvalidArgument,
                     "secretKeyRef without auth.secretStore");
}

TEST_CASE("the environment is read only with permission and by its rules") {
  setenv("MECHA_RESOLVER_TEST", "from outside", 1);
  ResolverWorld world;
  using Code = StatusCode;
  world.CheckLenient(EnvironmentItem("user", "MECHA_RESOLVER_TEST"), Code::kInvalidArgument,
                     "Open it with use_environment");
  world.options.uses_environment = true;
  CHECK(world.Text(EnvironmentItem("user", "MECHA_RESOLVER_TEST")) == "from outside");
  MetadataItem written = EnvironmentItem("user", "MECHA_RESOLVER_TEST");
  written.value = "written";
  CHECK(world.Text(written) == "written");
  world.CheckLenient(EnvironmentItem("user", "MECHA_NOT_SET"), Code::kInvalidArgument,
                     "\"MECHA_NOT_SET\" is not set");
  world.CheckLenient(EnvironmentItem("user", "dapr_api_token"), Code::kInvalidArgument,
                     "may not read \"dapr_api_token\"");
  world.options.environment_keys = "OTHER MECHA_RESOLVER_TESTS";
  world.CheckLenient(EnvironmentItem("user", "MECHA_RESOLVER_TEST"), Code::kInvalidArgument,
                     "Add it to DAPR_ENV_KEYS");
  world.options.environment_keys = "OTHER  MECHA_RESOLVER_TEST";
  CHECK(world.Text(EnvironmentItem("user", "MECHA_RESOLVER_TEST")) == "from outside");
}

TEST_CASE("placeholders are filled in") {
  ResolverWorld world;
  CHECK(world.Text(ValueItem("id", "{appID}-{namespace}")) == "shop-prod.shop");
  world.options.name_space.clear();
  CHECK(world.Text(ValueItem("id", "{namespace}")) == "default.shop");
  const std::string two = world.Text(ValueItem("id", "{uuid}{uuid}"));
  REQUIRE(two.size() == 72);
  CHECK(IsUuid(two.substr(0, 36)));
  CHECK(IsUuid(two.substr(36)));
  CHECK(two.substr(0, 36) != two.substr(36));
  world.options.pod_name = "shop-7";
  CHECK(world.Text(ValueItem("id", "<{podName}>{other}{")) == "<shop-7>{other}{");
}

TEST_CASE("an unknown pod name is an error where it is used") {
  ResolverWorld world;
  world.document.metadata = {ValueItem("id", "{podName}")};
  for (const Strictness strictness : {Strictness::kStrict, Strictness::kDapr}) {
    Findings findings(strictness);
    world.Resolve(findings);
    CHECK(findings.HasErrors());
  }
}

TEST_CASE("a component names the secret stores it waits for") {
  ResolverWorld world;
  CHECK(SecretStoresNeeded(world.document).empty());
  world.document.metadata = {SecretItem("password", "redis")};
  CHECK(SecretStoresNeeded(world.document) == std::vector<std::string>{"vault"});
  world.document.secret_store.clear();
  CHECK(SecretStoresNeeded(world.document).empty());
}

TEST_CASE("references are checked before anything runs") {
  ResolverWorld world;
  world.document.metadata = {SecretItem("password", "redis"), EnvironmentItem("user", "USER")};
  const std::vector<std::string> stores = {"vaults"};
  Findings findings(Strictness::kStrict);
  CheckReferences(world.document, world.options, stores, findings);
  const std::string message(findings.ToStatus().message());
  CheckHolds(message, "\"user\": envRef needs the environment");
  CheckHolds(message, "auth.secretStore \"vault\" is not a loaded secret store. Did you mean");
  Findings fine(Strictness::kStrict);
  world.options.uses_environment = true;
  const std::vector<std::string> loaded = {"vault"};
  CheckReferences(world.document, world.options, loaded, fine);
  CHECK_FALSE(fine.HasErrors());
}

}  // namespace
}  // namespace mecha
