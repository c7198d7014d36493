// SPDX-License-Identifier: Apache-2.0
// ModuleLoader: finds the module of a component type, checks that it was built like this library,
// and lets it register. It decides nothing about which types a runtime needs. A file that was
// opened stays open for the life of the process. Blocks on the disk; safe from any thread, for each
// runtime has its own registry and the dynamic linker keeps one copy of a file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "contract/cryptography.h"
#include "contract/module.h"
#include "contract/registry.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

class ModuleLoader {
 public:
  // `module_path`: the setting of that name; empty when it is not set.
  explicit ModuleLoader(std::string module_path) : module_path_(std::move(module_path)) {}

  // The modules that the program was linked with as archives (mecha_target_components).
  Status RegisterLinked(Registry& registry) const;

  // Registers the module of `type`: one that `registry` knows by name (or alias), or one that
  // stands in module_path. OK without doing anything when there is none, or when the type is
  // registered already. FAILED_PRECONDITION when the file is missing or unusable: it names the file
  // and what mends it.
  Status Load(std::string_view type, Registry& registry) const;

  // Makes what the module tls.so gives: the one linked into the program, or the file. Errors as
  // Load's, and what its library says.
  StatusOr<std::unique_ptr<Cryptography>> LoadCryptography() const;

 private:
  std::string module_path_;
};

// Checks `module`, found in `where`, against this library and against `type` (empty: any), and adds
// what it registers. For the loader and its tests.
Status RegisterModule(const Module& module, std::string_view type, const std::string& where,
                      Registry& registry);

}  // namespace mecha
