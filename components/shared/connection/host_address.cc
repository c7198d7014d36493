// SPDX-License-Identifier: Apache-2.0
#include "connection/host_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

Status Wrong(std::string_view field, std::string_view what) {
  return InvalidArgument(std::string(field) + ": " + std::string(what));
}

// "host:port" as an example for messages.
std::string Example(std::string_view host, uint16_t port) {
  return std::string(host) + ":" + std::to_string(port);
}

StatusOr<uint16_t> ParsePort(std::string_view field, std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Wrong(field, "port \"" + std::string(text) + "\" is not a number from 1 to 65535");
  }
  return port;
}

// True when `host` is an address in figures; then `result` holds it.
bool ParseNumeric(const HostAddress& address, SocketAddress* result) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result->storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    result->size = sizeof(sockaddr_in);
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result->storage);
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    result->size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

}  // namespace

std::vector<std::string_view> SplitHosts(std::string_view text) {
  std::vector<std::string_view> hosts;
  for (bool is_last = false; !is_last;) {
    const size_t comma = text.find(',');
    is_last = comma == text.npos;
    const std::string_view part = text.substr(0, comma);
    const size_t first = part.find_first_not_of(' ');
    const size_t last = part.find_last_not_of(' ');
    hosts.push_back(first == part.npos ? "" : part.substr(first, last - first + 1));
    text.remove_prefix(is_last ? text.size() : comma + 1);
  }
  return hosts;
}

std::string HostAddress::Text() const {
  const bool is_v6 = host.find(':') != host.npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

StatusOr<HostAddress> ParseHostAddress(std::string_view field, std::string_view text,
                                       uint16_t default_port) {
  if (text.find('/') != text.npos) {
    return Wrong(field, "\"/\" belongs to a URL or a path; write host:port");
  }
  HostAddress address;
  address.port = default_port;
  std::string_view port_text;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos || (end + 1 < text.size() && text[end + 1] != ':')) {
      return Wrong(field, "write an IPv6 address as [::1] or " + Example("[::1]", default_port));
    }
    address.host = text.substr(1, end - 1);
    has_port = end + 1 < text.size();
    port_text = has_port ? text.substr(end + 2) : "";
  } else {
    const size_t colon = text.find(':');
    has_port = colon != text.npos && text.find(':', colon + 1) == text.npos;
    address.host = has_port ? text.substr(0, colon) : text;
    port_text = has_port ? text.substr(colon + 1) : "";
  }
  if (address.host.empty()) {
    return Wrong(field, "the host is empty; write it as " + Example("localhost", default_port));
  }
  if (has_port) {
    ASSIGN_OR_RETURN(address.port, ParsePort(field, port_text));
  }
  return address;
}

StatusOr<std::vector<SocketAddress>> Resolve(const HostAddress& address) {
  std::vector<SocketAddress> found(1);
  found.front().name = address;
  if (ParseNumeric(address, &found.front())) {
    return found;
  }
  found.clear();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list);
  if (error != 0) {
    return Unavailable("cannot find the address of \"" + address.host +
                       "\": " + gai_strerror(error));
  }
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    SocketAddress& entry = found.emplace_back();
    std::memcpy(&entry.storage, item->ai_addr, item->ai_addrlen);
    entry.size = item->ai_addrlen;
    entry.name = address;
  }
  freeaddrinfo(list);
  return found;
}

}  // namespace mecha::components
