// SPDX-License-Identifier: Apache-2.0
// RegisterComponents: the generated list of every component in this build, as one function.
#pragma once

#include "contract/registry.h"

namespace mecha {

void RegisterComponents(Registry& registry);

}  // namespace mecha
