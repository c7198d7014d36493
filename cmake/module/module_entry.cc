// SPDX-License-Identifier: Apache-2.0
// The one symbol of a module, compiled once per module. It is data, so that looking at it runs no
// code of a module that was built differently.
#include "contract/module.h"

namespace MECHA_COMPONENT {
void Register(mecha::Registry& registry);
}

extern "C" {
[[gnu::visibility("default")]] extern const mecha::Module mecha_module;
}
const mecha::Module mecha_module = {mecha::kModuleMark, mecha::kBuildId, MECHA_COMPONENT_TYPE,
                                    MECHA_COMPONENT::Register};
