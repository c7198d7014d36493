// SPDX-License-Identifier: Apache-2.0
#include "modules/module_folders.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

namespace mecha {
namespace {

// Any constant of ours has an address inside our file.
constexpr char kInside = 0;

// The name of the file this code was loaded from; empty for the program itself.
std::string LibraryFile() {
  Dl_info info{};
  void* found = nullptr;
  if (dladdr1(&kInside, &info, &found, RTLD_DL_LINKMAP) == 0 || found == nullptr) {
    return {};
  }
  return static_cast<const link_map*>(found)->l_name;
}

std::string RealFile(const std::string& file) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(file.c_str(), nullptr), free);
  return real == nullptr ? std::string() : std::string(real.get());
}

void AddBeside(const std::string& file, std::string_view why, std::vector<ModuleFolder>& folders) {
  if (!file.starts_with('/')) {
    return;  // the name a host gave, from where it stood then
  }
  std::string path = file.substr(0, file.rfind('/')) + "/mecha";
  if (std::ranges::find(folders, path, &ModuleFolder::path) == folders.end()) {
    folders.push_back({std::move(path), why});
  }
}

}  // namespace

std::vector<ModuleFolder> ModuleFolders(std::string_view module_path) {
  std::vector<ModuleFolder> folders;
  while (module_path.size() > 1 && module_path.ends_with('/')) {
    module_path.remove_suffix(1);
  }
  if (!module_path.empty()) {
    folders.push_back({std::string(module_path), "setting module_path"});
  }
  const std::string library = LibraryFile();
  if (library.empty()) {
    AddBeside(RealFile("/proc/self/exe"), "beside the program", folders);
    return folders;
  }
  AddBeside(library, "beside libmecha.so", folders);
  AddBeside(RealFile(library), "beside libmecha.so", folders);
  return folders;
}

}  // namespace mecha
