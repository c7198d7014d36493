// SPDX-License-Identifier: Apache-2.0
#include "memcached_options.h"

#include <string_view>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

constexpr uint16_t kDefaultPort = 11211;
// What Dapr's client takes for 0.
constexpr int64_t kDefaultIdle = 2;
constexpr Duration kDefaultTimeout = std::chrono::seconds(1);

// All but the address.
StatusOr<ConnectionOptions> ReadLimits(const Settings& settings) {
  ConnectionOptions options;
  const int64_t most_idle = settings.Integer("maxIdleConnections");
  if (most_idle < 0) {
    return InvalidArgument("maxIdleConnections: must not be negative");
  }
  options.most_idle = static_cast<size_t>(most_idle == 0 ? kDefaultIdle : most_idle);
  Duration timeout = settings.Time("timeout");
  if (timeout < Duration::zero()) {
    return InvalidArgument("timeout: must not be negative");
  }
  timeout = timeout == Duration::zero() ? kDefaultTimeout : timeout;
  options.dial_timeout = timeout;
  options.read_timeout = timeout;
  options.write_timeout = timeout;
  return options;
}

}  // namespace

StatusOr<MemcachedOptions> ReadOptions(const Settings& settings) {
  ASSIGN_OR_RETURN(const ConnectionOptions limits, ReadLimits(settings));
  MemcachedOptions options;
  for (const std::string_view host : SplitHosts(settings.Text("hosts"))) {
    ConnectionOptions& server = options.servers.emplace_back(limits);
    ASSIGN_OR_RETURN(server.address, ParseHostAddress("hosts", host, kDefaultPort));
  }
  return options;
}

}  // namespace MECHA_COMPONENT
