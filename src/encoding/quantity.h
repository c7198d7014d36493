// SPDX-License-Identifier: Apache-2.0
// Kubernetes resource quantities as whole bytes: "100Mi", "1G", "1e3", "1.5Gi", "42". A fraction of
// a byte rounds up. Negative ones and those above 2^64-1 are not quantities here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mecha {

std::optional<uint64_t> ParseQuantity(std::string_view text);

}  // namespace mecha
