// SPDX-License-Identifier: Apache-2.0
// Without any file: what is missing, and what a module may say of itself. Loading real files is
// tested in tests/modules.
#include "modules/module_loader.h"

#include "modules/module_folders.h"
#include "support/catch.h"

namespace mecha {
namespace {

constexpr ModuleInfo kModules[] = {{"state.heavy", {}}};
constexpr ComponentInfo kInfo{.type = "state.heavy", .version = "v1"};

std::unique_ptr<StateStore> MakeNothing() { return nullptr; }

void RegisterHeavy(Registry& registry) { registry.Add(kInfo, MakeNothing); }

bool Says(const Status& status, std::string_view part) {
  return status.message().find(part) != std::string_view::npos;
}

TEST_CASE("a known module that is missing says which file, where, and what mends it") {
  Registry registry;
  registry.SetModules(kModules);
  const Status status = ModuleLoader("/nowhere/at/all/").Load("state.heavy", registry);
  INFO(status.message());
  REQUIRE(IsFailedPrecondition(status));
  CHECK(Says(status, "\"state.heavy\" is the module state.heavy.so"));
  CHECK(Says(status, "/nowhere/at/all (setting module_path), /"));
  CHECK(Says(status, "/mecha (beside the program)"));
  CHECK(Says(status, "with the library of this module present"));
  CHECK(Says(status, "module_path"));
  CHECK_FALSE(registry.HasType("state.heavy"));
}

TEST_CASE("a type that is no module, or is registered already, is none of the loader's business") {
  Registry registry;
  registry.SetModules(kModules);
  CHECK(ModuleLoader("").Load("state.light", registry).ok());
  CHECK(ModuleLoader("/nowhere/at/all").Load("state.light", registry).ok());
  registry.Add(kInfo, MakeNothing);
  CHECK(ModuleLoader("").Load("state.heavy", registry).ok());
  CHECK(registry.entries().size() == 1);
}

TEST_CASE("types lists each type once, loaded or not") {
  Registry registry;
  registry.SetModules(kModules);
  CHECK(registry.Types() == std::vector<std::string_view>{"state.heavy"});
  RegisterHeavy(registry);
  CHECK(registry.Types() == std::vector<std::string_view>{"state.heavy"});
}

TEST_CASE("the folders are module_path, then the one beside this program, each once") {
  const std::vector<ModuleFolder> both = ModuleFolders("/opt/modules//");
  REQUIRE(both.size() == 2);
  CHECK(both[0].path == "/opt/modules");
  CHECK(both[1].path.starts_with("/"));
  CHECK(both[1].path.ends_with("/mecha"));
  CHECK(ModuleFolders("").size() == 1);
}

TEST_CASE("a module of this build registers, with its origin") {
  Registry registry;
  const Module module{kModuleMark, kBuildId, "state.heavy", RegisterHeavy};
  REQUIRE(RegisterModule(module, "", "/x/state.heavy.so", registry).ok());
  const Registry::Entry* entry = registry.Find("state.heavy", "v1");
  REQUIRE(entry != nullptr);
  CHECK(entry->module_file == "/x/state.heavy.so");
}

TEST_CASE("a module that is not what it should be registers nothing") {
  Registry registry;
  const Module no_mark{1, nullptr, nullptr, nullptr};
  const Module other_build{kModuleMark, "another", "state.heavy", nullptr};
  const Module other_type{kModuleMark, kBuildId, "state.other", nullptr};
  const Module liar{kModuleMark, kBuildId, "state.liar", RegisterHeavy};
  CHECK(Says(RegisterModule(no_mark, "state.heavy", "f", registry), "no module of Mecha"));
  CHECK(Says(RegisterModule(other_build, "state.heavy", "f", registry), "[another]"));
  CHECK(Says(RegisterModule(other_type, "state.heavy", "f", registry), "not state.heavy"));
  CHECK(Says(RegisterModule(liar, "state.liar", "f", registry), "registers state.heavy"));
  CHECK(registry.entries().empty());
}

TEST_CASE("the build id names release, headers, compiler, containers and Abseil") {
  const std::string_view id = kBuildId;
  INFO(id);
  for (const std::string_view part : {"mecha ", "headers ", "ABI ", "libstdc++ ", "Abseil "}) {
    CHECK(id.find(part) != std::string_view::npos);
  }
}

}  // namespace
}  // namespace mecha
