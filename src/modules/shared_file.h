// SPDX-License-Identifier: Apache-2.0
// Shared files: finding and opening a shared library by its absolute path, for modules and for
// plug-ins. What the file means is theirs. An opened file stays open for the life of the process,
// whatever is found in it: what it has started would lose its code. Blocks on the disk; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha {

enum class Presence : uint8_t { kAbsent, kPresent };

// Whether `file` is there. FAILED_PRECONDITION when what is there cannot be a library. `what`
// begins the message: "module", "plug-in".
StatusOr<Presence> Look(const std::string& file, std::string_view what = "module");

// Opens `file` with all that it links to, and gives the address of `symbol`. FAILED_PRECONDITION
// names the file, the cause and what mends it.
StatusOr<void*> OpenSharedFile(const std::string& file, const char* symbol, std::string_view what);

}  // namespace mecha
