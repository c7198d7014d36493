// SPDX-License-Identifier: Apache-2.0
// ConnectionPool: the store's connections. A caller has one to itself; the one used last is handed
// out first, so idle ones grow old and go. At most pool_size are open; a caller beyond that parks.
// Safe from any thread; no lock is held while connecting or waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "connection/connection_options.h"
#include "connection/dialer.h"
#include "connection/server_connection.h"
#include "contract/host.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

class ConnectionPool {
 public:
  // An idle connection is looked at before use when it has rested for longer: it may be closed, or
  // hold a reply that nobody asked for. The look is a system call, too dear for one used busily.
  static constexpr Duration kTrustedFor = std::chrono::milliseconds(1);

  // `host` and `options` outlive the pool.
  ConnectionPool(Host& host, const ConnectionOptions& options, MakeConnection make)
      : host_(host), options_(options), dialer_(host, options, std::move(make)) {}
  ConnectionPool(Host& host, const ConnectionOptions& options, OpenConnection open)
      : host_(host), options_(options), dialer_(host, options, std::move(open)) {}

  // A connection for this call alone. Every one goes back through GiveBack.
  StatusOr<std::unique_ptr<ServerConnection>> Acquire(const CallContext& call);
  // Closes it unless another call may use it.
  void GiveBack(std::unique_ptr<ServerConnection> connection);
  // A new connection for a call whose own was found dead before anything went out on it, and is
  // given up here. Its slot is free again after an error.
  StatusOr<std::unique_ptr<ServerConnection>> Replace(const CallContext& call);

  // Closes what is idle and forgets addresses and failures.
  void CloseIdle();
  void ForgetFailures() { dialer_.Reset(); }

 private:
  // A parked caller. What it gets is a connection, or leave to open one.
  struct Parked {
    Waiter* waiter = nullptr;
    std::unique_ptr<ServerConnection> connection;
    bool is_served = false;
  };

  Status CheckCall(const CallContext& call, SteadyTime now) const;
  StatusOr<std::unique_ptr<ServerConnection>> TakeSlot(const CallContext& call, SteadyTime now);
  Status ParkForSlot(const CallContext& call, SteadyTime now, Parked* parked);
  bool IsFresh(const ServerConnection& connection, SteadyTime now) const;
  StatusOr<std::unique_ptr<ServerConnection>> FillSlot(const CallContext& call);
  void FreeSlot(std::unique_ptr<ServerConnection> connection);

  Host& host_;
  const ConnectionOptions& options_;
  Dialer dialer_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<ServerConnection>> idle_;
  std::deque<Parked*> parked_;
  size_t slots_taken_ = 0;  // open connections and those being opened
  // Grows with each connection lost; older ones are checked before they are used again.
  std::atomic<uint64_t> generation_{0};
};

}  // namespace mecha::components
