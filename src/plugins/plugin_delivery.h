// SPDX-License-Identifier: Apache-2.0
// Deliveries: what a plug-in hands to `deliver`, checked and copied into the contract's type. It
// knows no feed. Stateless, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "call/clock.h"
#include "contract/pub_sub.h"
#include "mecha/component.h"

namespace mecha {

// What is wrong with them, after a delivery numbered `last`; empty: nothing.
std::string_view FaultOf(std::span<const mecha_delivery> deliveries, uint64_t last);

// No lease began after `now`, whatever the plug-in says.
std::vector<Delivery> CopyOf(std::span<const mecha_delivery> deliveries, SteadyTime now);

}  // namespace mecha
