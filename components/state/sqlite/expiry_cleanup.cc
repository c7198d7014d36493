// SPDX-License-Identifier: Apache-2.0
#include "expiry_cleanup.h"

#include <chrono>
#include <string_view>

#include "result/status.h"
#include "result/status_or.h"
#include "schema.h"
#include "timestamp.h"

namespace MECHA_COMPONENT {
namespace {

// Timers are not exact; a clean-up that is a little early counts.
constexpr std::chrono::milliseconds kSlack(100);

// True when this process has the turn: nobody cleaned up within the interval.
StatusOr<bool> ClaimTurn(Connection& connection, std::string_view now, Duration interval) {
  const auto least = std::chrono::duration_cast<std::chrono::milliseconds>(interval) - kSlack;
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kClaimCleanup));
  statement.BindText(1, now);
  statement.BindInteger(2, least.count());
  RETURN_IF_ERROR(statement.Step().status());
  return connection.changed_rows() > 0;
}

Status DeleteExpired(Connection& connection, Duration interval) {
  const Timestamp now = Timestamp::Of(connection.host().clock().WallNow());
  ASSIGN_OR_RETURN(const bool has_turn, ClaimTurn(connection, now.text(), interval));
  if (!has_turn) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kDeleteExpired));
  statement.BindText(1, now.text());
  return statement.Step().status();
}

}  // namespace

void ExpiryCleanup::Start(CommitGroup& group, Host& host, Duration interval) {
  job_.Start(host, interval,
             {MECHA_COMPONENT_TYPE, "expired rows were not deleted, the next try is in a while"},
             [&group, interval](const CallContext& call) {
               return group.RunExclusive(call, [interval](Connection& connection) {
                 return DeleteExpired(connection, interval);
               });
             });
}

}  // namespace MECHA_COMPONENT
