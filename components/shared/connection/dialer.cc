// SPDX-License-Identifier: Apache-2.0
#include "connection/dialer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "result/status.h"
#include "result/status_or.h"

namespace mecha::components {
namespace {

int64_t InMilliseconds(Duration time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time).count();
}

}  // namespace

OpenConnection OpenOneOf(const HostAddress& address, OpenAddress open) {
  return [&address, open = std::move(open)](
             const CallContext& call) -> StatusOr<std::unique_ptr<ServerConnection>> {
    ASSIGN_OR_RETURN(const std::vector<SocketAddress> found, Resolve(address));
    Status last;
    for (const SocketAddress& one : found) {
      auto connection = open(call, one);
      if (connection.ok() || connection.status().code() != StatusCode::kUnavailable) {
        return connection;
      }
      last = connection.status();
    }
    return last;
  };
}

bool Dialer::ConcernsServer(const Status& status) {
  switch (status.code()) {
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kCancelled:
    case StatusCode::kSuspended:
    case StatusCode::kClosed:
      return false;
    default:
      return true;
  }
}

void Dialer::Reset() {
  const std::lock_guard lock(mutex_);
  addresses_.clear();
  last_failure_ = OkStatus();
  pause_ = Duration::zero();
  not_before_ = {};
}

Status Dialer::CheckPause() const {
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

StatusOr<std::vector<SocketAddress>> Dialer::Addresses(const CallContext& call) {
  if (options_.finder != nullptr) {
    return options_.finder->Find(call);
  }
  {
    const std::lock_guard lock(mutex_);
    if (!addresses_.empty()) {
      return addresses_;
    }
  }
  ASSIGN_OR_RETURN(std::vector<SocketAddress> found, Resolve(options_.address));
  const std::lock_guard lock(mutex_);
  addresses_ = found;
  return found;
}

void Dialer::Remember(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status.ok()) {
    last_failure_ = OkStatus();
    pause_ = Duration::zero();
  } else if (ConcernsServer(status)) {
    last_failure_ = status;
    addresses_.clear();
    const bool is_sought = options_.finder != nullptr;
    pause_ = std::clamp(pause_ * 2, kFirstPause, is_sought ? kLongestPauseOfFinder : kLongestPause);
    not_before_ = host_.clock().Now() + pause_;
    if (is_sought) {
      options_.finder->Doubt();
    }
  }
}

// Logs in at the server that took the connection.
Status Dialer::Enter(const CallContext& call, const SocketAddress& address,
                     SocketConnection& connection) {
  RETURN_IF_ERROR(connection.LogIn(call));
  if (options_.finder != nullptr) {
    connection.server = options_.finder->Confirm(address.name);
  }
  return OkStatus();
}

StatusOr<std::unique_ptr<ServerConnection>> Dialer::OpenAnAddress(const CallContext& call) {
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> addresses, Addresses(call));
  Status last;
  for (const SocketAddress& address : addresses) {
    std::unique_ptr<SocketConnection> connection = make_();
    last = connection->Connect(call, address);
    if (last.ok()) {
      RETURN_IF_ERROR(Enter(call, address, *connection));
      return connection;
    }
    if (!ConcernsServer(last)) {
      break;
    }
  }
  return last;
}

StatusOr<std::unique_ptr<ServerConnection>> Dialer::Dial(const CallContext& call) {
  RETURN_IF_ERROR(CheckPause());
  CallContext step = call;
  const Deadline limit = Deadline::After(host_.clock().Now(), options_.dial_timeout);
  const bool is_own_limit = limit.at() < call.deadline.at();
  if (is_own_limit) {
    step.deadline = limit;
  }
  auto connection = open_ ? open_(step) : OpenAnAddress(step);
  Status status = connection.status();
  if (is_own_limit && status.code() == StatusCode::kDeadlineExceeded) {
    status = Unavailable("connect to " + options_.ServerName() + ": no answer within " +
                         std::to_string(InMilliseconds(options_.dial_timeout)) + " ms");
    if (options_.tls != nullptr) {
      // A server without it waits for the end of what it takes for a request.
      status = Unavailable(std::string(status.message()) +
                           ". If it does not speak TLS there, turn off " +
                           std::string(options_.tls_field));
    }
  }
  Remember(status);
  if (!status.ok()) {
    return status;
  }
  (*connection)->opened_at = host_.clock().Now();
  return connection;
}

}  // namespace mecha::components
