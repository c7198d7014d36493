// SPDX-License-Identifier: Apache-2.0
// Module: what a component in a file of its own shows the library; its only exported symbol. It is
// not the component: the library first checks that both were built alike. Constant; any thread.
#pragma once

#include <cstdint>

#include "contract/registry.h"

namespace mecha {

// The first two members never change, so that any library can read them of any module.
struct Module {
  uint32_t mark;         // kModuleMark, or it is something else
  const char* build_id;  // kBuildId of the build that made it
  const char* type;      // "state.redis"
  void (*register_component)(Registry& registry);
};

inline constexpr uint32_t kModuleMark = 0x4d434d31;
inline constexpr char kModuleSymbol[] = "mecha_module";

// What must be the same in the library and a module, as text: release, compiler, C++ ABI, Abseil,
// and a hash of the headers between them. Each has its own copy.
extern const char kBuildId[];

}  // namespace mecha
