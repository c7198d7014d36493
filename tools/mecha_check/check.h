// SPDX-License-Identifier: Apache-2.0
// Check: opens a runtime on the resources, starts it and pings each component. It prints nothing;
// see verdict.h.
#pragma once

#include "options.h"
#include "verdict.h"

// Blocks: up to each component's initTimeout, then up to ten seconds for each ping.
Verdict Check(const Options& options);
