// SPDX-License-Identifier: Apache-2.0
#include "connection/connection_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {

StatusOr<std::unique_ptr<ServerConnection>> ConnectionPool::Acquire(const CallContext& call) {
  const SteadyTime now = host_.clock().Now();
  RETURN_IF_ERROR(CheckCall(call, now));
  ASSIGN_OR_RETURN(std::unique_ptr<ServerConnection> connection, TakeSlot(call, now));
  if (connection != nullptr && IsFresh(*connection, now)) {
    connection->used_at = now;
    return connection;
  }
  connection.reset();
  return FillSlot(call);
}

// Nothing is begun for a call that has already ended.
Status ConnectionPool::CheckCall(const CallContext& call, SteadyTime now) const {
  if (!call.may_block) {
    return Internal("a component with a server was called on a thread that may not block");
  }
  RETURN_IF_ERROR(call.waiter->Check());
  return call.deadline.HasPassed(now) ? DeadlineExceeded("the deadline passed before the start")
                                      : OkStatus();
}

// An idle connection, or null: leave to open one.
StatusOr<std::unique_ptr<ServerConnection>> ConnectionPool::TakeSlot(const CallContext& call,
                                                                     SteadyTime now) {
  Parked parked;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<ServerConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    if (slots_taken_ < options_.pool_size) {
      ++slots_taken_;
      return nullptr;
    }
    parked.waiter = call.waiter;
    parked_.push_back(&parked);
  }
  RETURN_IF_ERROR(ParkForSlot(call, now, &parked));
  return std::move(parked.connection);
}

Status ConnectionPool::ParkForSlot(const CallContext& call, SteadyTime now, Parked* parked) {
  CallContext step = call;
  const Deadline limit = Deadline::After(now, options_.pool_timeout);
  const bool is_own_limit = limit.at() < call.deadline.at();
  if (is_own_limit) {
    step.deadline = limit;
  }
  for (;;) {
    const Status status = host_.Park(step);
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
    if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
      return Unavailable("all " + std::to_string(options_.pool_size) + " connections are in use; " +
                         std::string(options_.full_pool_advice));
    }
    return WithPrefix(status, "wait for one of " + std::to_string(options_.pool_size) +
                                  " connections; " + std::string(options_.full_pool_advice));
  }
}

bool ConnectionPool::IsFresh(const ServerConnection& connection, SteadyTime now) const {
  const Duration rested = now - connection.used_at;
  if (dialer_.MustReplace(connection, now, rested)) {
    return false;
  }
  const bool is_trusted =
      rested < kTrustedFor && connection.generation == generation_.load(std::memory_order_relaxed);
  return is_trusted || connection.IsAlive();
}

StatusOr<std::unique_ptr<ServerConnection>> ConnectionPool::FillSlot(const CallContext& call) {
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

StatusOr<std::unique_ptr<ServerConnection>> ConnectionPool::Replace(const CallContext& call) {
  generation_.fetch_add(1, std::memory_order_relaxed);
  return FillSlot(call);
}

void ConnectionPool::GiveBack(std::unique_ptr<ServerConnection> connection) {
  if (!connection->is_reusable()) {
    generation_.fetch_add(1, std::memory_order_relaxed);
    connection.reset();
  }
  FreeSlot(std::move(connection));
}

// Hands the slot, with its connection if there is one, to whoever has waited longest.
void ConnectionPool::FreeSlot(std::unique_ptr<ServerConnection> connection) {
  const std::lock_guard lock(mutex_);
  if (!parked_.empty()) {
    Parked* parked = parked_.front();
    parked_.pop_front();
    parked->connection = std::move(connection);
    parked->is_served = true;
    // Under the lock: the parked caller may leave, and its waiter die, right after it.
    parked->waiter->Notify();
  } else if (connection != nullptr && idle_.size() < options_.most_idle) {
    idle_.push_back(std::move(connection));
  } else {
    --slots_taken_;
  }
}

void ConnectionPool::CloseIdle() {
  std::vector<std::unique_ptr<ServerConnection>> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(idle_);
    slots_taken_ -= closing.size();
  }
  dialer_.Reset();
}

}  // namespace mecha::components
