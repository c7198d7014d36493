// SPDX-License-Identifier: Apache-2.0
// Which file systems lie behind a network. SQLite's write-ahead log needs memory that all users of
// the file share, and locks that hold; behind a network there is neither, and messages would be
// lost. Without state; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

// "NFS" for statfs's number of it; empty for a local file system.
std::string_view NameOfNetworkFileSystem(uint64_t kind);

// FAILED_PRECONDITION when `file`, or the folder it will be made in, lies on one.
Status CheckLocalFile(const std::string& file);

}  // namespace MECHA_COMPONENT
