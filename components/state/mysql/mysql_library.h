// SPDX-License-Identifier: Apache-2.0
// MakeLibraryReady: what libmariadb does once for the process, done so that the host does not
// notice it. Safe from any thread, any number of times; nothing is owned.
#pragma once

#include "result/status.h"

namespace MECHA_COMPONENT {

// Call it before anything else of the library. The library tells the process to ignore SIGPIPE; the
// host's own choice is put back here. The library does not need it: it sends with MSG_NOSIGNAL.
Status MakeLibraryReady();

}  // namespace MECHA_COMPONENT
