// SPDX-License-Identifier: Apache-2.0
#include "secretstores/secret_scopes.h"

#include "support/catch.h"

namespace mecha {
namespace {

TEST_CASE("without a scope every secret is allowed") { CHECK(IsSecretAllowed(nullptr, "a")); }

TEST_CASE("a list of allowed secrets allows only those, whatever the default") {
  const SecretScope scope{.allows_by_default = true, .allowed_secrets = {"a"}};
  CHECK(IsSecretAllowed(&scope, "a"));
  CHECK_FALSE(IsSecretAllowed(&scope, "b"));
}

TEST_CASE("a denied secret is refused and the default decides for the rest") {
  SecretScope scope{.allows_by_default = true, .denied_secrets = {"a"}};
  CHECK_FALSE(IsSecretAllowed(&scope, "a"));
  CHECK(IsSecretAllowed(&scope, "b"));
  scope.allows_by_default = false;
  CHECK_FALSE(IsSecretAllowed(&scope, "b"));
}

TEST_CASE("a scope is found by its store") {
  ConfigurationDocument configuration;
  configuration.secret_scopes.push_back({.store_name = "vault"});
  CHECK(FindSecretScope(configuration, "vault") == &configuration.secret_scopes[0]);
  CHECK(FindSecretScope(configuration, "other") == nullptr);
}

}  // namespace
}  // namespace mecha
