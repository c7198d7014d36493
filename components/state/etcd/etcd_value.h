// SPDX-License-Identifier: Apache-2.0
// A value as it stands in etcd. v1 has it bare. v2 has it in a protobuf message with the moment of
// its writing and its time to live: data = 1, ts = 2 (Timestamp), ttl = 3 (Duration).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "call/clock.h"
#include "contract/state_store.h"
#include "etcd_options.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// `ttl_seconds` 0: it stays.
std::string EncodeValue(Layout layout, std::string_view value, WallTime now, int64_t ttl_seconds);
// Fills data and expires of the result from base64. DATA_LOSS when it is not what the layout says.
StatusOr<StateValue> DecodeValue(Layout layout, std::string_view base64);

}  // namespace MECHA_COMPONENT
