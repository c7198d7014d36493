// SPDX-License-Identifier: Apache-2.0
#include "postgres_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

StatusOr<std::unique_ptr<PostgresConnection>> PostgresPool::Acquire(const CallContext& call) {
  const SteadyTime now = host_.clock().Now();
  RETURN_IF_ERROR(CheckCall(call, now));
  ASSIGN_OR_RETURN(std::unique_ptr<PostgresConnection> connection, TakeSlot(call));
  if (connection != nullptr && IsFresh(*connection, now)) {
    connection->used_at = now;
    return connection;
  }
  connection.reset();
  return FillSlot(call);
}

// Nothing is begun for a call that has already ended.
Status PostgresPool::CheckCall(const CallContext& call, SteadyTime now) const {
  if (!call.may_block) {
    return Internal("state.postgresql was called on a thread that may not block");
  }
  RETURN_IF_ERROR(call.waiter->Check());
  return call.deadline.HasPassed(now) ? DeadlineExceeded("the deadline passed before the start")
                                      : OkStatus();
}

// An idle connection, or null: leave to open one.
StatusOr<std::unique_ptr<PostgresConnection>> PostgresPool::TakeSlot(const CallContext& call) {
  Parked parked;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<PostgresConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    if (slots_taken_ < options_.most_connections) {
      ++slots_taken_;
      return nullptr;
    }
    parked.waiter = call.waiter;
    parked_.push_back(&parked);
  }
  RETURN_IF_ERROR(ParkForSlot(call, &parked));
  return std::move(parked.connection);
}

Status PostgresPool::ParkForSlot(const CallContext& call, Parked* parked) {
  for (;;) {
    const Status status = host_.Park(call);
    bool is_served = false;
    {
      const std::lock_guard lock(mutex_);
      call.waiter->ResetNotification();
      is_served = parked->is_served;
      if (!is_served && status.ok()) {
        continue;  // somebody else's notification
      }
      std::erase(parked_, parked);
    }
    if (is_served && status.ok()) {
      return OkStatus();
    }
    if (is_served) {
      FreeSlot(std::move(parked->connection));
    }
    return WithPrefix(status, "wait for one of " + std::to_string(options_.most_connections) +
                                  " connections; maxConns may be too low");
  }
}

bool PostgresPool::IsFresh(const PostgresConnection& connection, SteadyTime now) const {
  const Duration rested = now - connection.used_at;
  if (rested > options_.idle_timeout) {
    return false;
  }
  const bool is_trusted =
      rested < kTrustedFor && connection.generation == generation_.load(std::memory_order_relaxed);
  return is_trusted || connection.IsAlive();
}

StatusOr<std::unique_ptr<PostgresConnection>> PostgresPool::FillSlot(const CallContext& call) {
  const uint64_t generation = generation_.load(std::memory_order_relaxed);
  auto connection = dialer_.Dial(call);
  if (connection.ok()) {
    (*connection)->generation = generation;
    (*connection)->used_at = (*connection)->opened_at;
  } else {
    FreeSlot(nullptr);
  }
  return connection;
}

void PostgresPool::GiveBack(std::unique_ptr<PostgresConnection> connection) {
  if (!connection->is_reusable()) {
    generation_.fetch_add(1, std::memory_order_relaxed);
    connection.reset();
  } else {
    // Measured at the beginning of the use: one look at the clock less on the way back.
    const Duration age = connection->used_at - connection->opened_at;
    if (age > options_.most_age) {
      connection.reset();
    }
  }
  FreeSlot(std::move(connection));
}

// Hands the slot, with its connection if there is one, to whoever has waited longest.
void PostgresPool::FreeSlot(std::unique_ptr<PostgresConnection> connection) {
  const std::lock_guard lock(mutex_);
  if (!parked_.empty()) {
    Parked* parked = parked_.front();
    parked_.pop_front();
    parked->connection = std::move(connection);
    parked->is_served = true;
    // Under the lock: the parked caller may leave, and its waiter die, right after it.
    parked->waiter->Notify();
  } else if (connection != nullptr) {
    idle_.push_back(std::move(connection));
  } else {
    --slots_taken_;
  }
}

void PostgresPool::CloseIdle() {
  std::vector<std::unique_ptr<PostgresConnection>> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(idle_);
    slots_taken_ -= closing.size();
  }
  dialer_.Reset();
}

}  // namespace MECHA_COMPONENT
