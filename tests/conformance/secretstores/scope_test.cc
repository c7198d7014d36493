// SPDX-License-Identifier: Apache-2.0
// Which secrets an application may read, by Configuration documents.
#include "conformance/secretstores/secret_client.h"
#include "support/catch.h"

namespace conformance {
namespace {

// The scope of the store under test, as the YAML that stands under its name.
std::string Scope(const std::string& rules) {
  return "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: scopes\nspec:\n"
         "  secrets:\n    scopes:\n      - storeName: store\n" +
         rules;
}

std::string FirstName() { return KnownSecrets().begin()->first; }
std::string LastName() { return KnownSecrets().rbegin()->first; }

TEST_CASE("a denied secret is PERMISSION_DENIED and missing from the list") {
  const SecretWorld world(
      {Scope("        defaultAccess: allow\n        deniedSecrets: [\"" + FirstName() + "\"]\n")});
  const Answer denied = world.store.Get(FirstName());
  CHECK(denied.status == MECHA_PERMISSION_DENIED);
  CHECK(denied.has_error);
  CHECK(denied.items.empty());
  CHECK(world.store.Get(LastName()).ok());
  if (world.runtime.Has("list")) {
    const Secrets listed = SecretsOf(world.store.List());
    CHECK(listed.count(FirstName()) == 0);
    CHECK(listed.count(LastName()) == 1);
  }
}

TEST_CASE("with allowed secrets only those are read") {
  const SecretWorld world({Scope("        allowedSecrets: [\"" + FirstName() + "\"]\n")});
  CHECK(world.store.Get(FirstName()).ok());
  CHECK(world.store.Get(LastName()).status == MECHA_PERMISSION_DENIED);
  CHECK(world.store.Get("nosuchsecret").status == MECHA_PERMISSION_DENIED);
  if (world.runtime.Has("list")) {
    const Secrets listed = SecretsOf(world.store.List());
    CHECK(listed.size() == 1);
    CHECK(listed.count(FirstName()) == 1);
  }
}

TEST_CASE("default access deny hides everything that is not allowed") {
  const SecretWorld world({Scope("        defaultAccess: deny\n")});
  CHECK(world.store.Get(FirstName()).status == MECHA_PERMISSION_DENIED);
  if (world.runtime.Has("list")) {
    CHECK(world.store.List().items.empty());
  }
}

TEST_CASE("the scope of another store does not matter") {
  std::string other = Scope("        defaultAccess: deny\n");
  other.replace(other.find("storeName: store"), 16, "storeName: elsewhere");
  const SecretWorld world({other});
  CHECK(world.store.Get(FirstName()).ok());
}

}  // namespace
}  // namespace conformance
