// SPDX-License-Identifier: Apache-2.0
// The entry of a module from another build. Registering it would crash: nothing may run it.
#include "contract/module.h"

extern "C" {
[[gnu::visibility("default")]] extern const mecha::Module mecha_module;
}
const mecha::Module mecha_module = {mecha::kModuleMark, "mecha 0.0.1, headers of another day",
                                    MECHA_COMPONENT_TYPE, nullptr};
