// SPDX-License-Identifier: Apache-2.0
// ModuleLoader with a real module in the folder `mecha` beside this program.
#include "modules/module_loader.h"
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

}  // namespace
}  // namespace mecha
