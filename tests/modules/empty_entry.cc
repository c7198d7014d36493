// SPDX-License-Identifier: Apache-2.0
// The entry of a module that fails: it registers nothing.
#include "contract/module.h"

extern "C" {
[[gnu::visibility("default")]] extern const mecha::Module mecha_module;
}
const mecha::Module mecha_module = {mecha::kModuleMark, mecha::kBuildId, MECHA_COMPONENT_TYPE,
                                    [](mecha::Registry&) {}};
