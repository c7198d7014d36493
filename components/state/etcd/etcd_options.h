// SPDX-License-Identifier: Apache-2.0
// EtcdOptions: a component's settings as this store uses them. A value, read once in Init.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/settings.h"
#include "http_connection.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

// How values stand in etcd: as they are, or in an envelope.
enum class Layout : uint8_t { kV1, kV2 };

struct EtcdOptions {
  std::vector<HttpOptions> endpoints;  // at least one
  std::string path;                    // with its slash at the end
  size_t most_operations = 0;          // of one transaction
  std::vector<std::string> warnings;

  void Wipe();
};

// INVALID_ARGUMENT names the field.
StatusOr<EtcdOptions> ReadOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
