// SPDX-License-Identifier: Apache-2.0
// HostAddress: the host and port a component names, and the socket addresses they stand for. It is
// a value; it opens nothing.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result/status_or.h"

namespace mecha::components {

struct HostAddress {
  std::string host;  // without brackets
  uint16_t port = 0;

  // "host:port", with brackets around an IPv6 address: what messages say.
  std::string Text() const;
  bool operator==(const HostAddress&) const = default;
};

// Reads "host", "host:port", "1.2.3.4", "::1", "[::1]:6379". `default_port` fills a missing one.
// INVALID_ARGUMENT says what is wrong and begins with `field`, the setting it stands in.
StatusOr<HostAddress> ParseHostAddress(std::string_view field, std::string_view text,
                                       uint16_t default_port);

// The parts of a list that commas separate, without the blanks around each. There is at least one,
// and an empty one stays: ParseHostAddress refuses it. They are views of `text`.
std::vector<std::string_view> SplitHosts(std::string_view text);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  HostAddress name;  // what it was found for
};

// The addresses of a numeric host at once, those of a name through getaddrinfo. That blocks the
// calling thread for as long as the system's resolver takes, past any deadline: so it runs only on
// threads that may block, when a connection is made, and its answer is kept until connecting fails.
StatusOr<std::vector<SocketAddress>> Resolve(const HostAddress& address);

}  // namespace mecha::components
