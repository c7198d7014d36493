// SPDX-License-Identifier: Apache-2.0
// ConnectionOptions: where a server is, how long its connections may take over what, and how many
// there may be. A value; it knows no settings by name. Duration::max() means no limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "call/clock.h"
#include "connection/host_address.h"
#include "connection/server_finder.h"
#include "contract/tls.h"

namespace mecha::components {

struct ConnectionOptions {
  HostAddress address;
  std::shared_ptr<ServerFinder> finder;  // instead of the address, for a server that moves
  // With TLS; null without. The name that the server's certificate is for; the host that was
  // connected to when it is empty.
  std::shared_ptr<TlsContext> tls;
  std::string tls_server;
  // The setting that turns TLS on or off, for messages; empty where there is none.
  std::string_view tls_field;
  Duration dial_timeout = std::chrono::seconds(5);
  Duration read_timeout = std::chrono::seconds(3);
  Duration write_timeout = std::chrono::seconds(3);
  // How many may be open, idle ones included; a caller beyond that waits for at most pool_timeout.
  size_t pool_size = std::numeric_limits<size_t>::max();
  Duration pool_timeout = Duration::max();
  // What somebody for whom none became free in time can do.
  std::string_view full_pool_advice;
  // How many are kept when nobody uses them, and for how long.
  size_t most_idle = std::numeric_limits<size_t>::max();
  Duration idle_timeout = std::chrono::minutes(5);
  Duration max_connection_age = Duration::max();

  std::string ServerName() const { return finder == nullptr ? address.Text() : finder->Name(); }
};

}  // namespace mecha::components
