// SPDX-License-Identifier: Apache-2.0
// The one table that turns an error reply of etcd into a status, and says whether a write may have
// been applied all the same. Safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {

// `code` is gRPC's. Marked: an error is of a request that was refused, unless the cluster lost its
// leader or its time over it.
Status FromEtcd(int64_t code, std::string_view words);

}  // namespace MECHA_COMPONENT
