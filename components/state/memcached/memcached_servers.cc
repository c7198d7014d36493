// SPDX-License-Identifier: Apache-2.0
#include "memcached_servers.h"

#include "memcached_connection.h"
#include "memcached_key.h"

namespace MECHA_COMPONENT {

MemcachedServers::MemcachedServers(Host& host, const MemcachedOptions& options) : host_(host) {
  for (const ConnectionOptions& server : options.servers) {
    pools_.push_back(std::make_unique<ConnectionPool>(host, server, [&host, &server] {
      return std::make_unique<MemcachedConnection>(host, server);
    }));
  }
}

size_t MemcachedServers::IndexOf(std::string_view key) const {
  return ServerOf(key, pools_.size());
}

}  // namespace MECHA_COMPONENT
