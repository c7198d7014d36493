// SPDX-License-Identifier: Apache-2.0
#include "delivery_rows.h"

#include <string>
#include <utility>

#include "queue_layout.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;

// One catch brings no more than this, but at least one message: its bytes are in memory.
constexpr size_t kMostBytes = 8 << 20;

// Takes messages for one wish.
class Taking {
 public:
  Taking(Connection& connection, const Wish& wish)
      : connection_(connection),
        wish_(wish),
        held_since_(connection.host().clock().Now()),
        now_(MillisecondsOf(connection.host().clock().WallNow())),
        until_(now_ + wish.lease.count()) {}

  StatusOr<Catch> Run() {
    RETURN_IF_ERROR(TakeDue());
    if (has_room()) {
      RETURN_IF_ERROR(TakeFresh());
    }
    result_.has_more = !has_room();
    ASSIGN_OR_RETURN(result_.next_due, NextDue());
    return std::move(result_);
  }

 private:
  struct Due {
    int64_t message;
    uint32_t attempts;
  };

  bool has_room() const { return result_.taken.size() < wish_.most && bytes_ < kMostBytes; }

  Status TakeDue();
  Status TakeFresh();
  StatusOr<std::vector<Due>> ListDue();
  StatusOr<bool> Take(Statement& row, int64_t message, uint32_t attempt);
  Status Lend(Sql sql, int64_t message, uint32_t attempt);
  Status Drop(int64_t message);
  Status Forget(int64_t message);
  StatusOr<std::optional<int64_t>> NextDue();

  Connection& connection_;
  const Wish& wish_;
  const SteadyTime held_since_;  // not after `now_`
  const int64_t now_;
  const int64_t until_;
  Catch result_;
  size_t bytes_ = 0;
};

StatusOr<std::vector<Taking::Due>> Taking::ListDue() {
  ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(Sql::kDue));
  statement.BindInteger(1, wish_.ids.group);
  statement.BindInteger(2, now_);
  statement.BindInteger(3, static_cast<int64_t>(wish_.most));
  std::vector<Due> due;
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_row, statement.Step());
    if (!is_row) {
      return due;
    }
    due.push_back({statement.Integer(0), static_cast<uint32_t>(statement.Integer(1))});
  }
}

Status Taking::TakeDue() {
  ASSIGN_OR_RETURN(const std::vector<Due> due, ListDue());
  for (const auto& [message, attempts] : due) {
    if (!has_room()) {
      break;
    }
    bool is_live = false;
    {
      ASSIGN_OR_RETURN(Statement row, connection_.Prepare(Sql::kMessage));
      row.BindInteger(1, message);
      ASSIGN_OR_RETURN(const bool is_there, row.Step());
      if (is_there) {
        ASSIGN_OR_RETURN(is_live, Take(row, message, attempts + 1));
      }
    }
    if (is_live) {
      RETURN_IF_ERROR(Lend(Sql::kLendAgain, message, attempts + 1));
    } else {
      RETURN_IF_ERROR(Drop(message));
      RETURN_IF_ERROR(Forget(message));
    }
  }
  return OkStatus();
}

Status Taking::TakeFresh() {
  int64_t position = 0;
  {
    ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(Sql::kPosition));
    statement.BindInteger(1, wish_.ids.group);
    ASSIGN_OR_RETURN(const bool is_there, statement.Step());
    if (!is_there) {
      return NotFound();
    }
    position = statement.Integer(0);
  }
  const int64_t before = position;
  std::vector<int64_t> expired;
  ASSIGN_OR_RETURN(Statement rows, connection_.Prepare(Sql::kFresh));
  rows.BindInteger(1, wish_.ids.topic);
  rows.BindInteger(2, position);
  rows.BindInteger(3, static_cast<int64_t>(wish_.most - result_.taken.size()));
  while (has_room()) {
    ASSIGN_OR_RETURN(const bool is_row, rows.Step());
    if (!is_row) {
      break;
    }
    position = rows.Integer(6);
    ASSIGN_OR_RETURN(const bool is_live, Take(rows, position, 1));
    if (is_live) {
      RETURN_IF_ERROR(Lend(Sql::kLend, position, 1));
    } else {
      expired.push_back(position);
    }
  }
  if (position == before) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(Sql::kSetPosition));
  statement.BindInteger(1, wish_.ids.group);
  statement.BindInteger(2, position);
  RETURN_IF_ERROR(statement.Step().status());
  for (const int64_t message : expired) {
    RETURN_IF_ERROR(Forget(message));
  }
  return OkStatus();
}

// False when the message has expired.
StatusOr<bool> Taking::Take(Statement& row, int64_t message, uint32_t attempt) {
  if (!row.IsNull(1) && row.Integer(1) <= now_) {
    return false;
  }
  Taken taken;
  taken.held = {message, wish_.token};
  Delivery& delivery = taken.delivery;
  delivery.enqueued = WallTime(milliseconds(row.Integer(0)));
  delivery.content_type = row.Text(2);
  delivery.key = row.Text(3);
  delivery.metadata = UnpackMetadata(row.Text(4));
  delivery.payload = Buffer::CopyOf(row.Text(5));
  delivery.id = std::to_string(message);
  delivery.attempt = attempt;
  delivery.held_since = held_since_;
  bytes_ += delivery.payload.size();
  result_.taken.push_back(std::move(taken));
  return true;
}

Status Taking::Lend(Sql sql, int64_t message, uint32_t attempt) {
  ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(sql));
  statement.BindInteger(1, wish_.ids.group);
  statement.BindInteger(2, message);
  statement.BindInteger(3, wish_.token);
  statement.BindInteger(4, until_);
  statement.BindInteger(5, wish_.lease.count());
  statement.BindInteger(6, attempt);
  return statement.Step().status();
}

Status Taking::Drop(int64_t message) {
  ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(Sql::kDrop));
  statement.BindInteger(1, wish_.ids.group);
  statement.BindInteger(2, message);
  return statement.Step().status();
}

Status ForgetMessage(Connection& connection, int64_t topic, int64_t message) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(Sql::kForget));
  statement.BindInteger(1, message);
  statement.BindInteger(2, topic);
  return statement.Step().status();
}

Status Taking::Forget(int64_t message) {
  return ForgetMessage(connection_, wish_.ids.topic, message);
}

StatusOr<std::optional<int64_t>> Taking::NextDue() {
  ASSIGN_OR_RETURN(Statement statement, connection_.Prepare(Sql::kNextDue));
  statement.BindInteger(1, wish_.ids.group);
  ASSIGN_OR_RETURN(const bool is_row, statement.Step());
  if (!is_row || statement.IsNull(0)) {
    return std::optional<int64_t>();
  }
  return std::optional(statement.Integer(0));
}

StatusOr<Statement> PrepareHeld(Connection& connection, Sql sql, const GroupIds& ids,
                                const Held& held) {
  ASSIGN_OR_RETURN(Statement statement, connection.Prepare(sql));
  statement.BindInteger(1, ids.group);
  statement.BindInteger(2, held.message);
  statement.BindInteger(3, held.token);
  return statement;
}

// Writes until when the row is left alone from now on.
Status Leave(Connection& connection, Statement statement, milliseconds span) {
  const int64_t now = MillisecondsOf(connection.host().clock().WallNow());
  statement.BindInteger(4, now + span.count());
  statement.BindInteger(5, span.count());
  RETURN_IF_ERROR(statement.Step().status());
  return connection.changed_rows() == 0 ? NotFound() : OkStatus();
}

}  // namespace

StatusOr<Catch> TakeMessages(Connection& connection, const Wish& wish) {
  return Taking(connection, wish).Run();
}

Status FinishMessage(Connection& connection, const GroupIds& ids, const Held& held) {
  {
    ASSIGN_OR_RETURN(Statement statement, PrepareHeld(connection, Sql::kFinish, ids, held));
    RETURN_IF_ERROR(statement.Step().status());
  }
  if (connection.changed_rows() == 0) {
    return NotFound();
  }
  return ForgetMessage(connection, ids.topic, held.message);
}

Status RenewMessage(Connection& connection, const GroupIds& ids, const Held& held,
                    milliseconds lease) {
  ASSIGN_OR_RETURN(Statement statement, PrepareHeld(connection, Sql::kRenew, ids, held));
  return Leave(connection, std::move(statement), lease);
}

Status ReturnMessage(Connection& connection, const GroupIds& ids, const Held& held,
                     milliseconds delay) {
  ASSIGN_OR_RETURN(Statement statement, PrepareHeld(connection, Sql::kReturn, ids, held));
  return Leave(connection, std::move(statement), delay);
}

Status UntakeMessage(Connection& connection, const GroupIds& ids, const Held& held) {
  ASSIGN_OR_RETURN(Statement statement, PrepareHeld(connection, Sql::kUntake, ids, held));
  return Leave(connection, std::move(statement), milliseconds(0));
}

}  // namespace MECHA_COMPONENT
