// SPDX-License-Identifier: Apache-2.0
// ReadFile: a small regular file as one string. Not for streams, pipes or devices, which it
// refuses.
#pragma once

#include <cstddef>
#include <string>

#include "result/status_or.h"

namespace mecha {

// NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION (not a regular file) or RESOURCE_EXHAUSTED
// (more than `most_bytes`); messages start with the path, and say where a relative one leads.
// Blocks on the disk.
StatusOr<std::string> ReadFile(const std::string& path, size_t most_bytes);

// For messages: ` (from the working directory: /home/me/a.yaml)`; empty for an absolute path, which
// needs no explanation.
std::string WhereRelative(const std::string& path);

}  // namespace mecha
