// SPDX-License-Identifier: Apache-2.0
// Probes: single operations that a plug-in must get right before its suite runs, so that a gross
// fault is said at once. Each runs the plug-in, so call them in a child, on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "child.h"
#include "mecha/mecha.h"

constexpr int64_t kFiveSeconds = 5'000'000'000;

// One operation, and the status it must end with. False: it tells how it ended instead.
bool Asked(const Tell& tell, const std::string& what, mecha_status wanted,
           const std::function<mecha_status(const mecha_call*, mecha_result**)>& ask);

// Subscribes to a topic of the component "store", publishes, receives and stops.
bool ProbeBroker(mecha_runtime* rt, const Tell& tell);
