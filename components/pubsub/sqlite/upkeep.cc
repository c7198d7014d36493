// SPDX-License-Identifier: Apache-2.0
#include "upkeep.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "message_rows.h"
#include "queue_layout.h"
#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);
// While there is a lot to delete, it is done in pieces, which delay nobody for long.
constexpr Duration kIntervalOfPieces = std::chrono::milliseconds(200);
constexpr int64_t kMostAtOnce = 500;

struct Expired {
  int64_t message;
  int64_t topic;
};

StatusOr<std::vector<Expired>> ListExpired(Connection& connection, int64_t now) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kExpired));
  statement.BindInteger(1, now);
  statement.BindInteger(2, kMostAtOnce);
  std::vector<Expired> expired;
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_row, statement.Step());
    if (!is_row) {
      return expired;
    }
    expired.push_back({statement.Integer(0), statement.Integer(1)});
  }
}

// A message in somebody's hands stays until it is settled.
Status ForgetExpired(Connection& connection, const Expired& expired, int64_t now) {
  {
    ASSIGN_OR_RETURN(Statement drop, connection.Prepare(Sql::kDropFree));
    drop.BindInteger(1, expired.message);
    drop.BindInteger(2, expired.topic);
    drop.BindInteger(3, now);
    RETURN_IF_ERROR(drop.Step().status());
  }
  ASSIGN_OR_RETURN(Statement forget, connection.Prepare(Sql::kForgetExpired));
  forget.BindInteger(1, expired.message);
  forget.BindInteger(2, expired.topic);
  return forget.Step().status();
}

StatusOr<std::vector<int64_t>> ListWaitingTopics(Connection& connection) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kWaitingTopics));
  std::vector<int64_t> topics;
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_row, statement.Step());
    if (!is_row) {
      return topics;
    }
    topics.push_back(statement.Integer(0));
  }
}

// True when there may be more to delete.
StatusOr<bool> ForgetPiece(Connection& connection, int64_t topic, int64_t published_by) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kForgetOld));
  statement.BindInteger(1, published_by);
  statement.BindInteger(2, topic);
  statement.BindInteger(3, kMostAtOnce);
  RETURN_IF_ERROR(statement.Step().status());
  return connection.changed_rows() == kMostAtOnce;
}

Status Shorten(Connection& connection, int64_t now) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kShorten));
  statement.BindInteger(1, now);
  return statement.Step().status();
}

}  // namespace

Status Upkeep::RunIfDue(Connection& connection) {
  const SteadyTime now = connection.host().clock().Now();
  if (now < next_) {
    return OkStatus();
  }
  // Before it runs, so that one that fails does not run with every transaction.
  next_ = now + kInterval;
  RETURN_IF_ERROR(connection.Run(Transaction::kSavepoint));
  const Status status = Run(connection);
  if (!connection.is_in_transaction()) {
    return status;
  }
  Status undone = status.ok() ? OkStatus() : connection.Run(Transaction::kRollbackTo);
  undone.Update(connection.Run(Transaction::kRelease));
  return status.ok() ? undone : status;
}

Status Upkeep::Run(Connection& connection) {
  const int64_t now = MillisecondsOf(connection.host().clock().WallNow());
  RETURN_IF_ERROR(Shorten(connection, now));
  ASSIGN_OR_RETURN(const std::vector<Expired> expired, ListExpired(connection, now));
  for (const Expired& message : expired) {
    RETURN_IF_ERROR(ForgetExpired(connection, message, now));
  }
  bool has_more = static_cast<int64_t>(expired.size()) == kMostAtOnce;
  ASSIGN_OR_RETURN(const std::vector<int64_t> topics, ListWaitingTopics(connection));
  for (const int64_t topic : topics) {
    ASSIGN_OR_RETURN(const bool is_piece, ForgetPiece(connection, topic, now - retention_.count()));
    has_more = has_more || is_piece;
  }
  if (has_more) {
    next_ = connection.host().clock().Now() + kIntervalOfPieces;
  }
  return OkStatus();
}

Status ForgetOld(Connection& connection, int64_t topic, int64_t published_by) {
  for (bool has_more = true; has_more;) {
    ASSIGN_OR_RETURN(has_more, ForgetPiece(connection, topic, published_by));
  }
  return OkStatus();
}

}  // namespace MECHA_COMPONENT
