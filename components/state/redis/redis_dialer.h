// SPDX-License-Identifier: Apache-2.0
// RedisDialer: opens connections, and holds back for a while after a failure so that a missing
// server costs its callers no time: they fail at once with the last cause. It keeps no connection.
// Safe from any thread; connecting waits on the caller's thread, under no lock.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "contract/host.h"
#include "redis_connection.h"
#include "redis_options.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

class RedisDialer {
 public:
  static constexpr Duration kFirstPause = std::chrono::milliseconds(50);
  static constexpr Duration kLongestPause = std::chrono::seconds(2);

  // Both outlive the dialer.
  RedisDialer(Host& host, const RedisOptions& options) : host_(host), options_(options) {}

  StatusOr<std::unique_ptr<RedisConnection>> Dial(const CallContext& call);
  // Whether `status` says something about the server, not about the call that happened to connect.
  static bool ConcernsServer(const Status& status);
  // Forgets resolved addresses and earlier failures.
  void Reset();

 private:
  Status CheckPause() const;
  StatusOr<std::vector<SocketAddress>> Addresses();
  StatusOr<std::unique_ptr<RedisConnection>> Open(const CallContext& call);
  void Remember(const Status& status);

  Host& host_;
  const RedisOptions& options_;
  mutable std::mutex mutex_;
  std::vector<SocketAddress> addresses_;
  Status last_failure_;
  Duration pause_ = Duration::zero();
  SteadyTime not_before_{};
};

}  // namespace MECHA_COMPONENT
