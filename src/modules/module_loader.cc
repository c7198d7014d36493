// SPDX-License-Identifier: Apache-2.0
#include "modules/module_loader.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "modules/module_folders.h"
#include "modules/shared_file.h"

// Written by mecha_target_components into a static program; in all others it does not exist.
extern "C" {
// NOLINTNEXTLINE(readability-identifier-naming): a C name
[[gnu::weak, gnu::visibility("hidden")]] extern const mecha::Module* const mecha_linked_modules[];
}

namespace mecha {
namespace {

void Append(std::string& text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    text += part;
  }
}

Status Unusable(std::string_view file, std::initializer_list<std::string_view> problem) {
  std::string message;
  Append(message, {"module ", file, " "});
  Append(message, problem);
  return FailedPrecondition(message);
}

// A type that can be the name of a file: nothing in it leads to another folder.
bool IsFileName(std::string_view type) {
  return !type.starts_with('.') && std::ranges::all_of(type, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

Status Open(const std::string& file, std::string_view type, Registry& registry) {
  ASSIGN_OR_RETURN(void* symbol, OpenSharedFile(file, kModuleSymbol, "module"));
  const auto* module = static_cast<const Module*>(symbol);
  return RegisterModule(*module, type, file, registry);
}

Status Missing(std::string_view type, std::string_view file,
               const std::vector<ModuleFolder>& folders) {
  std::string places(
      folders.empty() ? "any known folder (libmecha.so was loaded by a relative path)" : "");
  for (const ModuleFolder& folder : folders) {
    Append(places, {places.empty() ? "" : ", ", folder.path, " (", folder.why, ")"});
  }
  std::string message;
  Append(message, {"component type \"", type, "\" is the module ", file, ", which is not in ",
                   places, ". Install the package mecha-", type,
                   ", or set module_path to the folder that holds the file"});
  return FailedPrecondition(message);
}

}  // namespace

Status RegisterModule(const Module& module, std::string_view type, const std::string& where,
                      Registry& registry) {
  if (module.mark != kModuleMark) {
    return Unusable(where, {"is no module of Mecha, or of a release that cannot be told"});
  }
  if (std::string_view(module.build_id) != kBuildId) {
    return Unusable(where, {"was built as [", module.build_id, "], and the library as [", kBuildId,
                            "]. Install both from one build"});
  }
  if (!type.empty() && module.type != type) {
    return Unusable(where, {"holds ", module.type, ", not ", type, ". Give the file its own name"});
  }
  Registry offered;
  module.register_component(offered);
  for (const Registry::Entry& entry : offered.entries()) {
    if (entry.info->type != module.type) {
      return Unusable(
          where, {"registers ", entry.info->type, " instead of ", module.type, ". Build it again"});
    }
  }
  if (offered.entries().empty()) {
    return Unusable(where, {"registers no component. Build it again"});
  }
  for (const Registry::Entry& entry : offered.entries()) {
    registry.Add({entry.info, entry.make, where});
  }
  return OkStatus();
}

Status ModuleLoader::RegisterLinked(Registry& registry) const {
  if (mecha_linked_modules == nullptr) {
    return OkStatus();
  }
  for (const Module* const* module = mecha_linked_modules; *module != nullptr; ++module) {
    RETURN_IF_ERROR(RegisterModule(**module, "", "linked into the program", registry));
  }
  return OkStatus();
}

Status ModuleLoader::Load(std::string_view type, Registry& registry) const {
  const ModuleInfo* known = registry.FindModule(type);
  const std::string_view name = known == nullptr ? type : known->type;
  if (registry.HasType(name) || (known == nullptr && (module_path_.empty() || !IsFileName(name)))) {
    return OkStatus();
  }
  const std::vector<ModuleFolder> folders = ModuleFolders(module_path_);
  std::string file;
  Append(file, {name, ".so"});
  for (const ModuleFolder& folder : folders) {
    std::string path;
    Append(path, {folder.path, "/", file});
    ASSIGN_OR_RETURN(const Presence presence, Look(path));
    if (presence == Presence::kPresent) {
      return Open(path, name, registry);
    }
    if (known == nullptr) {
      return OkStatus();  // what nobody listed is looked for where the host said, nowhere else
    }
  }
  return Missing(name, file, folders);
}

}  // namespace mecha
