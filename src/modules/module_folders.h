// SPDX-License-Identifier: Apache-2.0
// ModuleFolders: where modules are looked for. It reads no environment and no other configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mecha {

struct ModuleFolder {
  std::string path;      // absolute
  std::string_view why;  // for messages: "setting module_path", "beside libmecha.so"
};

// In the order they are searched: `module_path` unless it is empty, then the folder `mecha` beside
// the file that holds this code (libmecha.so, or a program that it was linked into), as it was
// named and as it really stands. Safe from any thread.
std::vector<ModuleFolder> ModuleFolders(std::string_view module_path);

}  // namespace mecha
