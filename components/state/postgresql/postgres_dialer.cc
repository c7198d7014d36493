// SPDX-License-Identifier: Apache-2.0
#include "postgres_dialer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {
namespace {

int64_t InMilliseconds(Duration time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time).count();
}

// Whether `status` says something about the server, not about the call that happened to connect.
bool ConcernsServer(const Status& status) {
  return !IsDeadlineExceeded(status) && !IsCancelled(status) &&
         !HasCode(status, StatusCode::kSuspended) && !HasCode(status, StatusCode::kClosed);
}

}  // namespace

void PostgresDialer::Reset() {
  const std::lock_guard lock(mutex_);
  addresses_.clear();
  last_failure_ = OkStatus();
  pause_ = Duration::zero();
  not_before_ = {};
}

Status PostgresDialer::CheckPause() const {
  const std::lock_guard lock(mutex_);
  if (last_failure_.ok()) {
    return OkStatus();
  }
  const Duration left = not_before_ - host_.clock().Now();
  if (left <= Duration::zero()) {
    return OkStatus();
  }
  return WithPrefix(last_failure_, "not connected, next attempt in " +
                                       std::to_string(InMilliseconds(left)) + " ms");
}

StatusOr<std::vector<Endpoint>> PostgresDialer::Addresses(size_t server) {
  {
    const std::lock_guard lock(mutex_);
    if (server < addresses_.size() && !addresses_[server].empty()) {
      return addresses_[server];
    }
  }
  ASSIGN_OR_RETURN(std::vector<Endpoint> found, Resolve(options_.endpoints[server]));
  const std::lock_guard lock(mutex_);
  addresses_.resize(options_.endpoints.size());
  addresses_[server] = found;
  return found;
}

void PostgresDialer::Remember(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status.ok()) {
    last_failure_ = OkStatus();
    pause_ = Duration::zero();
  } else if (ConcernsServer(status)) {
    last_failure_ = status;
    addresses_.clear();
    pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
    not_before_ = host_.clock().Now() + pause_;
  }
}

StatusOr<std::unique_ptr<PostgresConnection>> PostgresDialer::OpenAt(const CallContext& call,
                                                                     size_t server) {
  ASSIGN_OR_RETURN(const std::vector<Endpoint> addresses, Addresses(server));
  Status last;
  for (const Endpoint& address : addresses) {
    auto connection = std::make_unique<PostgresConnection>(host_, options_, statements_);
    last = connection->Connect(call, address);
    if (last.ok()) {
      connection->opened_at = host_.clock().Now();
      return connection;
    }
    if (!IsUnavailable(last)) {
      break;
    }
  }
  return last;
}

// The first server that takes us: one that refuses the login would do so again.
StatusOr<std::unique_ptr<PostgresConnection>> PostgresDialer::Open(const CallContext& call) {
  Status last;
  for (size_t server = 0; server < options_.endpoints.size(); ++server) {
    auto connection = OpenAt(call, server);
    if (connection.ok() || !IsUnavailable(connection.status())) {
      return connection;
    }
    last = connection.status();
  }
  return last;
}

StatusOr<std::unique_ptr<PostgresConnection>> PostgresDialer::Dial(const CallContext& call) {
  RETURN_IF_ERROR(CheckPause());
  CallContext step = call;
  const Deadline limit = Deadline::After(host_.clock().Now(), options_.connect_timeout);
  const bool is_own_limit = limit.at() < call.deadline.at();
  if (is_own_limit) {
    step.deadline = limit;
  }
  auto connection = Open(step);
  Status status = connection.status();
  if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
    status = Unavailable("connect to " + options_.endpoints.front().Text() + ": no answer within " +
                         std::to_string(InMilliseconds(options_.connect_timeout)) + " ms");
  }
  Remember(status);
  if (!status.ok()) {
    return status;
  }
  return connection;
}

}  // namespace MECHA_COMPONENT
