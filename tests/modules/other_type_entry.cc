// SPDX-License-Identifier: Apache-2.0
// The entry of a module in a file that has another one's name.
#include "contract/module.h"

extern "C" {
[[gnu::visibility("default")]] extern const mecha::Module mecha_module;
}
const mecha::Module mecha_module = {mecha::kModuleMark, mecha::kBuildId, "state.somebody-else",
                                    nullptr};
