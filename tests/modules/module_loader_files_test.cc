// SPDX-License-Identifier: Apache-2.0
// ModuleLoader with a real module in the folder `mecha` beside this program.
#include "modules/module_loader.h"

#include <string>

#include "support/catch.h"

namespace mecha {
namespace {

constexpr std::string_view kAliases[] = {"state.test-alias"};
constexpr ModuleInfo kModules[] = {{"state.test-module", kAliases}};

TEST_CASE("a known module is found beside the file that holds the library") {
  Registry registry;
  registry.SetModules(kModules);
  REQUIRE(ModuleLoader("").Load("state.test-module", registry).ok());
  const Registry::Entry* entry = registry.Find("state.test-module", "v1");
  REQUIRE(entry != nullptr);
  CHECK(entry->module_file.ends_with("/good/mecha/state.test-module.so"));
  CHECK(registry.Types().size() == 1);
}

TEST_CASE("an alias leads to the module, and a second time nothing is added") {
  Registry registry;
  registry.SetModules(kModules);
  REQUIRE(ModuleLoader("").Load("state.test-alias", registry).ok());
  REQUIRE(ModuleLoader("").Load("state.test-alias", registry).ok());
  REQUIRE(ModuleLoader("").Load("state.test-module", registry).ok());
  CHECK(registry.entries().size() == 1);
}

TEST_CASE("module_path comes first, and what is not there is found beside the library") {
  Registry registry;
  registry.SetModules(kModules);
  CHECK(ModuleLoader("/nowhere/at/all").Load("state.test-module", registry).ok());
  CHECK(registry.HasType("state.test-module"));
}

#ifdef RELEASED_MODULES
TEST_CASE("tls.so is found in module_path, and seals and opens") {
  const auto cryptography = ModuleLoader(RELEASED_MODULES).LoadCryptography();
  INFO(cryptography.status().message());
  REQUIRE(cryptography.ok());
  const auto aead = (*cryptography)->NewAead(std::string(32, 'k'));
  REQUIRE(aead.ok());
  const std::string nonce(Aead::kNonceBytes, 'n');
  std::string sealed(5 + Aead::kTagBytes, '?');
  std::string opened(5, '?');
  REQUIRE((*aead)->Seal(nonce, "", "plain", sealed).ok());
  REQUIRE((*aead)->Open(nonce, "", sealed, opened).ok());
  CHECK(opened == "plain");
}
#endif

TEST_CASE("a tls.so that is missing says which file, where, and what mends it") {
  const Status status = ModuleLoader("/nowhere/at/all").LoadCryptography().status();
  INFO(status.message());
  REQUIRE(IsFailedPrecondition(status));
  CHECK(status.message().starts_with("TLS and encryption are the module tls.so, which is not in "));
  CHECK(status.message().find("/nowhere/at/all (setting module_path), /") != std::string::npos);
  CHECK(status.message().find("set module_path to the folder") != std::string::npos);
}

}  // namespace
}  // namespace mecha
