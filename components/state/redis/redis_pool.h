// SPDX-License-Identifier: Apache-2.0
// RedisPool: the store's connections. A caller has one to itself; the one used last is handed out
// first, so idle ones grow old and go. At most pool_size are open; a caller beyond that parks. Safe
// from any thread; no lock is held while connecting or waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "contract/host.h"
#include "redis_connection.h"
#include "redis_dialer.h"
#include "redis_options.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class RedisPool {
 public:
  // An idle connection is checked before use when it has rested for longer.
  static constexpr Duration kTrustedFor = std::chrono::seconds(1);

  // Both outlive the pool.
  RedisPool(Host& host, const RedisOptions& options)
      : host_(host), options_(options), dialer_(host, options) {}

  // A connection for this call alone. Every one goes back through GiveBack.
  StatusOr<std::unique_ptr<RedisConnection>> Acquire(const CallContext& call);
  // Closes it unless another call may use it.
  void GiveBack(std::unique_ptr<RedisConnection> connection);
  // For a connection found dead before anything went out on it: a new one in its place.
  StatusOr<std::unique_ptr<RedisConnection>> Replace(const CallContext& call,
                                                     std::unique_ptr<RedisConnection> connection);

  // Closes what is idle and forgets addresses and failures.
  void CloseIdle();
  void ForgetFailures() { dialer_.Reset(); }

 private:
  // A parked caller. What it gets is a connection, or leave to open one.
  struct Parked {
    Waiter* waiter = nullptr;
    std::unique_ptr<RedisConnection> connection;
    bool is_served = false;
  };

  Status CheckCall(const CallContext& call, SteadyTime now) const;
  StatusOr<std::unique_ptr<RedisConnection>> TakeSlot(const CallContext& call, SteadyTime now);
  Status ParkForSlot(const CallContext& call, SteadyTime now, Parked* parked);
  bool IsFresh(const RedisConnection& connection, SteadyTime now) const;
  StatusOr<std::unique_ptr<RedisConnection>> FillSlot(const CallContext& call);
  void FreeSlot(std::unique_ptr<RedisConnection> connection);

  Host& host_;
  const RedisOptions& options_;
  RedisDialer dialer_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  std::deque<Parked*> parked_;
  size_t slots_taken_ = 0;  // open connections and those being opened
  // Grows with each connection lost; older ones are checked before they are used again.
  std::atomic<uint64_t> generation_{0};
};

}  // namespace MECHA_COMPONENT
