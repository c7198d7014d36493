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

// `what` is the module `file`.
Status Missing(std::string_view what, std::string_view file,
               const std::vector<ModuleFolder>& folders) {
  std::string places(
      folders.empty() ? "any known folder (libmecha.so was loaded by a relative path)" : "");
  for (const ModuleFolder& folder : folders) {
    Append(places, {places.empty() ? "" : ", ", folder.path, " (", folder.why, ")"});
  }
  std::string message;
  Append(message, {what, " the module ", file, ", which is not in ", places,
                   ". Build Mecha with the library of this module present, and install it; or set "
                   "module_path to the folder that holds the file"});
  return FailedPrecondition(message);
}

// The first of `folders` that has `file`; empty when none has.
StatusOr<std::string> FindFile(std::string_view file, const std::vector<ModuleFolder>& folders) {
  for (const ModuleFolder& folder : folders) {
    std::string path;
    Append(path, {folder.path, "/", file});
    ASSIGN_OR_RETURN(const Presence presence, Look(path));
    if (presence == Presence::kPresent) {
      return path;
    }
  }
  return std::string();
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
  const bool is_cryptography = std::string_view(module.type) == Cryptography::kModuleType;
  if (is_cryptography ? offered.cryptography() == nullptr : offered.entries().empty()) {
    return Unusable(where, {"registers no component. Build it again"});
  }
  if (is_cryptography) {
    registry.SetCryptography(offered.cryptography());
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
  std::vector<ModuleFolder> folders = ModuleFolders(module_path_);
  if (known == nullptr) {
    folders.resize(1);  // what nobody listed is looked for where the host said, nowhere else
  }
  std::string file;
  Append(file, {name, ".so"});
  ASSIGN_OR_RETURN(const std::string path, FindFile(file, folders));
  if (!path.empty()) {
    return Open(path, name, registry);
  }
  if (known == nullptr) {
    return OkStatus();
  }
  std::string what;
  Append(what, {"component type \"", name, "\" is"});
  return Missing(what, file, folders);
}

StatusOr<std::unique_ptr<Cryptography>> ModuleLoader::LoadCryptography() const {
  constexpr std::string_view kFile = "tls.so";
  Registry found;
  RETURN_IF_ERROR(RegisterLinked(found));
  if (found.cryptography() == nullptr) {
    const std::vector<ModuleFolder> folders = ModuleFolders(module_path_);
    ASSIGN_OR_RETURN(const std::string path, FindFile(kFile, folders));
    if (path.empty()) {
      return Missing("TLS and encryption are", kFile, folders);
    }
    RETURN_IF_ERROR(Open(path, Cryptography::kModuleType, found));
  }
  return found.cryptography()();
}

}  // namespace mecha
