// SPDX-License-Identifier: Apache-2.0
// Dialer: opens connections, and holds back for a while after a failure so that a missing
// server costs its callers no time: they fail at once with the last cause. Every connection of a
// store is opened here, so a finder in the options reaches all of them. It keeps no connection.
// Safe from any thread; connecting waits on the caller's thread, under no lock.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "connection/connection_options.h"
#include "connection/server_connection.h"
#include "connection/socket_connection.h"
#include "contract/host.h"
#include "result/status_or.h"

namespace mecha::components {

// A connection of the store's own kind, not yet connected. Called from any thread.
using MakeConnection = absl::AnyInvocable<std::unique_ptr<SocketConnection>() const>;
// Opens a connection by means of its own, for a library that dials by itself. Called from any
// thread; it waits in the host only.
using OpenConnection =
    absl::AnyInvocable<StatusOr<std::unique_ptr<ServerConnection>>(const CallContext& call) const>;

// Opens one at this address, logged in.
using OpenAddress = absl::AnyInvocable<StatusOr<std::unique_ptr<ServerConnection>>(
    const CallContext& call, const SocketAddress& address) const>;
// Looks `address` up and opens the first of what it stands for that is there. `address` outlives
// it.
OpenConnection OpenOneOf(const HostAddress& address, OpenAddress open);

class Dialer {
 public:
  static constexpr Duration kFirstPause = std::chrono::milliseconds(50);
  static constexpr Duration kLongestPause = std::chrono::seconds(2);
  // Where a finder asks: it is no burden to the server, which is back as soon as it has moved.
  static constexpr Duration kLongestPauseOfFinder = std::chrono::milliseconds(250);

  // `host` and `options` outlive the dialer.
  Dialer(Host& host, const ConnectionOptions& options, MakeConnection make)
      : host_(host), options_(options), make_(std::move(make)) {}
  Dialer(Host& host, const ConnectionOptions& options, OpenConnection open)
      : host_(host), options_(options), open_(std::move(open)) {}

  StatusOr<std::unique_ptr<ServerConnection>> Dial(const CallContext& call);
  // Whether `status` says something about the server, not about the call that happened to connect.
  static bool ConcernsServer(const Status& status);
  // Whether the next request had better go over a new one: it is old, `rested` for too long, or
  // outdated. Whether the server has closed it is another question.
  bool MustReplace(const ServerConnection& connection, SteadyTime now, Duration rested) const {
    return rested > options_.idle_timeout ||
           now - connection.opened_at > options_.max_connection_age || IsOutdated(connection);
  }
  // Forgets resolved addresses and earlier failures.
  void Reset();

 private:
  // The finder has found another server since.
  bool IsOutdated(const ServerConnection& connection) const {
    return options_.finder != nullptr && connection.server != options_.finder->InUse();
  }
  Status CheckPause() const;
  StatusOr<std::vector<SocketAddress>> Addresses(const CallContext& call);
  StatusOr<std::unique_ptr<ServerConnection>> OpenAnAddress(const CallContext& call);
  Status Enter(const CallContext& call, const SocketAddress& address, SocketConnection& connection);
  void Remember(const Status& status);

  Host& host_;
  const ConnectionOptions& options_;
  const MakeConnection make_;  // one of the two
  const OpenConnection open_;
  mutable std::mutex mutex_;
  std::vector<SocketAddress> addresses_;
  Status last_failure_;
  Duration pause_ = Duration::zero();
  SteadyTime not_before_{};
};

}  // namespace mecha::components
