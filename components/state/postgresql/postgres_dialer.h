// SPDX-License-Identifier: Apache-2.0
// PostgresDialer: opens connections, and holds back for a while after a failure so that a missing
// server costs its callers no time: they fail at once with the last cause. It keeps no connection.
// Safe from any thread; connecting waits on the caller's thread, under no lock.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "contract/host.h"
#include "postgres_connection.h"
#include "postgres_endpoint.h"
#include "postgres_options.h"
#include "result/status_or.h"
#include "statements.h"

namespace MECHA_COMPONENT {

class PostgresDialer {
 public:
  static constexpr Duration kFirstPause = std::chrono::milliseconds(50);
  static constexpr Duration kLongestPause = std::chrono::seconds(2);

  // All outlive the dialer.
  PostgresDialer(Host& host, const PostgresOptions& options, const Statements& statements)
      : host_(host), options_(options), statements_(statements) {}

  StatusOr<std::unique_ptr<PostgresConnection>> Dial(const CallContext& call);
  // Forgets resolved addresses and earlier failures.
  void Reset();

 private:
  Status CheckPause() const;
  StatusOr<std::vector<Endpoint>> Addresses(size_t server);
  StatusOr<std::unique_ptr<PostgresConnection>> Open(const CallContext& call);
  StatusOr<std::unique_ptr<PostgresConnection>> OpenAt(const CallContext& call, size_t server);
  void Remember(const Status& status);

  Host& host_;
  const PostgresOptions& options_;
  const Statements& statements_;
  mutable std::mutex mutex_;
  std::vector<std::vector<Endpoint>> addresses_;  // of each of the options' endpoints
  Status last_failure_;
  Duration pause_ = Duration::zero();
  SteadyTime not_before_{};
};

}  // namespace MECHA_COMPONENT
