// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <memory>
#include <utility>
#include <variant>

#include "contract/registry.h"
#include "result/status.h"
#include "result/status_or.h"
#include "support/catch.h"
#include "support/test_host.h"

namespace MECHA_COMPONENT {

void Register(Registry& registry);

namespace {

// A started store.
class Store {
 public:
  explicit Store(const std::string& prefix) : settings_({}, {{"prefix", {prefix}}}) {
    Registry registry;
    Register(registry);
    const auto* entry = registry.Find(MECHA_COMPONENT_TYPE, "v1");
    REQUIRE(entry != nullptr);
    store_ = std::get<MakeSecretStore>(entry->make)();
    REQUIRE(store_->Init(call_, settings_, host_).ok());
  }
  ~Store() { store_->Close(); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  StatusOr<Secret> Get(std::string_view name) {
    StatusOr<Secret> result = Internal("done did not run");
    store_->Get(call_, name, [&](StatusOr<Secret> got) { result = std::move(got); });
    return result;
  }
  SecretList List() {
    SecretList result;
    store_->List(call_, [&](StatusOr<SecretList> got) { result = *got; });
    return result;
  }

 private:
  CallContext call_;
  Settings settings_;
  test::TestHost host_;
  std::unique_ptr<SecretStore> store_;
};

TEST_CASE("a variable is a secret with its own name as key") {
  setenv("MECHA_ENV_A", "one", 1);
  setenv("MECHA_ENV_EMPTY", "", 1);
  Store store("");
  CHECK(*store.Get("MECHA_ENV_A") == Secret{{"MECHA_ENV_A", "one"}});
  CHECK(*store.Get("MECHA_ENV_EMPTY") == Secret{{"MECHA_ENV_EMPTY", ""}});
  CHECK(store.Get("MECHA_ENV_ABSENT").status().code() == StatusCode::kNotFound);
}

TEST_CASE("the prefix is put in front and taken off again") {
  setenv("MECHA_ENV_A", "one", 1);
  setenv("MECHA_ENV_", "no name left", 1);
  Store store("MECHA_ENV_");
  CHECK(*store.Get("A") == Secret{{"A", "one"}});
  const SecretList all = store.List();
  CHECK(all.at("A") == Secret{{"A", "one"}});
  CHECK(all.count("") == 0);
  CHECK(all.count("PATH") == 0);
}

TEST_CASE("Dapr's own variables are never given out") {
  setenv("APP_API_TOKEN", "x", 1);
  setenv("DAPR_API_TOKEN", "x", 1);
  Store store("");
  CHECK(store.Get("APP_API_TOKEN").status().code() == StatusCode::kPermissionDenied);
  CHECK(store.Get("DAPR_API_TOKEN").status().code() == StatusCode::kPermissionDenied);
  CHECK(store.List().count("APP_API_TOKEN") == 0);
  CHECK(store.List().count("DAPR_API_TOKEN") == 0);
  Store prefixed("DAPR_");
  CHECK(prefixed.Get("API_TOKEN").status().code() == StatusCode::kPermissionDenied);
  CHECK(prefixed.List().empty());
}

}  // namespace
}  // namespace MECHA_COMPONENT
