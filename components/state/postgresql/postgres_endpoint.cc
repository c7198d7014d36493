// SPDX-License-Identifier: Apache-2.0
#include "postgres_endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "encoding/number.h"
#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

std::vector<std::string> TakeList(ConnectionWords& words, std::string_view name) {
  const auto found = words.find(name);
  if (found == words.end() || found->second.empty()) {
    return {};
  }
  std::vector<std::string> parts = Split(found->second);
  words.erase(found);
  return parts;
}

// The entry for endpoint `index`: one entry stands for all.
std::string At(const std::vector<std::string>& list, size_t index) {
  if (list.empty()) {
    return "";
  }
  return list.size() == 1 ? list.front() : list[index];
}

bool Fits(const std::vector<std::string>& list, size_t count) {
  return list.size() <= 1 || list.size() == count;
}

}  // namespace

std::string Endpoint::Text() const {
  if (is_path()) {
    return host;
  }
  const std::string& name = host.empty() ? address : host;
  const bool is_v6 = name.find(':') != name.npos;
  return (is_v6 ? "[" + name + "]" : name) + ":" + port;
}

StatusOr<std::vector<Endpoint>> TakeEndpoints(ConnectionWords& words) {
  const std::vector<std::string> hosts = TakeList(words, "host");
  const std::vector<std::string> addresses = TakeList(words, "hostaddr");
  const std::vector<std::string> ports = TakeList(words, "port");
  const size_t count = std::max(hosts.size(), addresses.size());
  if (count == 0) {
    return InvalidArgument("no host is named; set connectionString, or host");
  }
  if ((!hosts.empty() && hosts.size() != count) ||
      (!addresses.empty() && addresses.size() != count) || !Fits(ports, count)) {
    return InvalidArgument("host, hostaddr and port name different numbers of servers");
  }
  std::vector<Endpoint> endpoints(count);
  for (size_t i = 0; i < count; ++i) {
    endpoints[i].host = hosts.empty() ? "" : hosts[i];
    endpoints[i].address = addresses.empty() ? "" : addresses[i];
    if (const std::string port = At(ports, i); !port.empty()) {
      endpoints[i].port = port;
    }
    const auto number = ParseNumber<uint16_t>(endpoints[i].port);
    if (!number.has_value() || *number == 0) {
      return InvalidArgument("port: must be a number from 1 to 65535");
    }
    if (endpoints[i].host.empty() && endpoints[i].address.empty()) {
      return InvalidArgument("host: one of the hosts is empty");
    }
  }
  return endpoints;
}

StatusOr<std::vector<Endpoint>> Resolve(const Endpoint& endpoint) {
  if (endpoint.is_path() || !endpoint.address.empty()) {
    return std::vector<Endpoint>{endpoint};
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    return Unavailable("cannot find the address of \"" + endpoint.host +
                       "\": " + gai_strerror(error));
  }
  std::vector<Endpoint> found;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(item->ai_addr, item->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      Endpoint& entry = found.emplace_back(endpoint);
      entry.address = text.data();
    }
  }
  freeaddrinfo(list);
  if (found.empty()) {
    return Unavailable("\"" + endpoint.host + "\" has no address that can be used");
  }
  return found;
}

}  // namespace MECHA_COMPONENT
