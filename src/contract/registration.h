// SPDX-License-Identifier: Apache-2.0
// RegisterComponents: the generated list of every component in this build, as one function. Of the
// components that are modules it only tells the names.
#pragma once

#include "contract/registry.h"

namespace mecha {

void RegisterComponents(Registry& registry);
// Part of it: the types that are modules.
void RegisterModuleTypes(Registry& registry);

}  // namespace mecha
