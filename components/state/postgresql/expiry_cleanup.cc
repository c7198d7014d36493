// SPDX-License-Identifier: Apache-2.0
#include "expiry_cleanup.h"

#include <chrono>

#include "postgres_pool.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

// Timers are not exact; a clean-up that is a little early counts.
constexpr std::chrono::milliseconds kSlack(100);

Status DeleteExpired(PostgresPool& pool, const CallContext& call, Duration interval) {
  const auto least = std::chrono::duration_cast<std::chrono::milliseconds>(interval) - kSlack;
  ASSIGN_OR_RETURN(const PostgresLease lease, pool.Take(call));
  ASSIGN_OR_RETURN(const QueryResult claimed,
                   lease->Run(call, Sql::kClaimCleanup, Parameters().Add(int64_t{least.count()})));
  if (claimed.changed_rows() == 0) {
    return OkStatus();  // somebody else cleaned up within the interval
  }
  return lease->Run(call, Sql::kDeleteExpired, {}).status();
}

}  // namespace

void ExpiryCleanup::Start(PostgresPool& pool, Host& host, Duration interval) {
  job_.Start(
      host, interval,
      {MECHA_COMPONENT_TYPE, "expired rows were not deleted, the next try is in a while"},
      [&pool, interval](const CallContext& call) { return DeleteExpired(pool, call, interval); });
}

}  // namespace MECHA_COMPONENT
