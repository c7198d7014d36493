// SPDX-License-Identifier: Apache-2.0
// PostgresPool: the store's connections. A caller has one to itself; the one used last is handed
// out first, so idle ones grow old and go. At most most_connections are open; a caller beyond that
// parks. Safe from any thread; no lock is held while connecting or waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "contract/host.h"
#include "postgres_connection.h"
#include "postgres_dialer.h"
#include "postgres_options.h"
#include "result/status.h"
#include "result/status_or.h"
#include "statements.h"

namespace MECHA_COMPONENT {

class PostgresPool {
 public:
  // An idle connection is checked before use when it has rested for longer.
  static constexpr Duration kTrustedFor = std::chrono::seconds(1);

  // Both outlive the pool.
  PostgresPool(Host& host, const PostgresOptions& options)
      : host_(host), options_(options), statements_(options), dialer_(host, options, statements_) {}

  // A connection for this call alone. Every one goes back through GiveBack.
  StatusOr<std::unique_ptr<PostgresConnection>> Acquire(const CallContext& call);
  // Closes it unless another call may use it.
  void GiveBack(std::unique_ptr<PostgresConnection> connection);
  // Closes what is idle and forgets addresses and failures.
  void CloseIdle();
  void ForgetFailures() { dialer_.Reset(); }
  const PostgresOptions& options() const { return options_; }

 private:
  // A parked caller. What it gets is a connection, or leave to open one.
  struct Parked {
    Waiter* waiter = nullptr;
    std::unique_ptr<PostgresConnection> connection;
    bool is_served = false;
  };

  Status CheckCall(const CallContext& call, SteadyTime now) const;
  StatusOr<std::unique_ptr<PostgresConnection>> TakeSlot(const CallContext& call);
  Status ParkForSlot(const CallContext& call, Parked* parked);
  bool IsFresh(const PostgresConnection& connection, SteadyTime now) const;
  StatusOr<std::unique_ptr<PostgresConnection>> FillSlot(const CallContext& call);
  void FreeSlot(std::unique_ptr<PostgresConnection> connection);

  Host& host_;
  const PostgresOptions& options_;
  const Statements statements_;
  PostgresDialer dialer_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  std::deque<Parked*> parked_;
  size_t slots_taken_ = 0;  // open connections and those being opened
  // Grows with each connection lost; older ones are checked before they are used again.
  std::atomic<uint64_t> generation_{0};
};

}  // namespace MECHA_COMPONENT
