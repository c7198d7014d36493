// SPDX-License-Identifier: Apache-2.0
// MemcachedServers: the servers of one component, each with its pool of connections, and which of
// them has a key. A server that is down keeps its keys: were they asked for elsewhere, old values
// would come back with it. Safe from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "connection/connection_pool.h"
#include "contract/host.h"
#include "memcached_options.h"

namespace MECHA_COMPONENT {

class MemcachedServers {
 public:
  // Both outlive this.
  MemcachedServers(Host& host, const MemcachedOptions& options);

  size_t count() const { return pools_.size(); }
  size_t IndexOf(std::string_view key) const;
  ConnectionPool& pool(size_t index) { return *pools_[index]; }
  const Clock& clock() const { return host_.clock(); }

 private:
  Host& host_;
  std::vector<std::unique_ptr<ConnectionPool>> pools_;
};

}  // namespace MECHA_COMPONENT
