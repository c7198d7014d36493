// SPDX-License-Identifier: Apache-2.0
// The one table that turns what the system says of a socket into a status. It decides codes and
// words; it does not decide on retries. Safe from any thread.
#pragma once

#include <string_view>

#include "call/clock.h"
#include "result/status.h"

namespace mecha::components {

// `place` was waited for as long as the limit allows: "wait for a reply of 127.0.0.1:6379".
Status NoProgress(std::string_view place, Duration limit);

// Whether the other side of this TCP connection has ever sent a byte; true when that cannot be
// told.
bool HasEverReceived(int fd);

// A failed system call, for example FromSystem("connect to 127.0.0.1:6379", ECONNREFUSED).
Status FromSystem(std::string_view what, int error);

}  // namespace mecha::components
