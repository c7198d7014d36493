// SPDX-License-Identifier: Apache-2.0
// Endpoint: one place where a server may be: a host and port, or the folder of a Unix socket. It is
// a value; it opens nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection_string.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct Endpoint {
  std::string host;     // a name, an address, or a path
  std::string address;  // in figures; empty: to be looked up, or a path
  std::string port = "5432";

  bool is_path() const { return host.starts_with('/') || host.starts_with('@'); }
  // "host:port", with brackets around an IPv6 address: what messages say.
  std::string Text() const;
};

// The endpoints that `words` name in host, hostaddr and port, which are removed from it.
StatusOr<std::vector<Endpoint>> TakeEndpoints(ConnectionWords& words);

// The same place once for each of its addresses: a name is looked up with getaddrinfo. That blocks
// the calling thread for as long as the system's resolver takes, past any deadline: so it runs only
// on threads that may block, when a connection is made.
StatusOr<std::vector<Endpoint>> Resolve(const Endpoint& endpoint);

}  // namespace MECHA_COMPONENT
