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

std::string_view WithoutBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  const size_t last = text.find_last_not_of(' ');
  return first == text.npos ? "" : text.substr(first, last - first + 1);
}

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
  std::string_view rest = settings.Text("hosts");
  for (bool is_last = false; !is_last;) {
    const size_t comma = rest.find(',');
    is_last = comma == rest.npos;
    ConnectionOptions& server = options.servers.emplace_back(limits);
    ASSIGN_OR_RETURN(server.address,
                     ParseHostAddress("hosts", WithoutBlanks(rest.substr(0, comma)), kDefaultPort));
    rest = is_last ? std::string_view() : rest.substr(comma + 1);
  }
  return options;
}

}  // namespace MECHA_COMPONENT
