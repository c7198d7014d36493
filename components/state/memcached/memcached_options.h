// SPDX-License-Identifier: Apache-2.0
// MemcachedOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <vector>

#include "connection/connection_options.h"
#include "contract/settings.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct MemcachedOptions {
  // In the order they were written: the hash of a key counts them.
  std::vector<ConnectionOptions> servers;
};

// INVALID_ARGUMENT names the field.
StatusOr<MemcachedOptions> ReadOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
