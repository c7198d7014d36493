// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_channel.h"

#include <poll.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "connection/connection_pool.h"
#include "connection/system_error.h"
#include "redis/redis_error.h"
#include "result/status_or.h"

namespace mecha::components {

RedisChannel::~RedisChannel() {
  LetGo();
  options_.Wipe();
}

int RedisChannel::Begin() {
  redis().commands().Clear();
  has_sent_ = false;
  must_leave_ = false;
  return redis().fd();
}

Status RedisChannel::Drive(short ready, Requests& ended) {
  if ((ready & POLLIN) != 0) {
    RETURN_IF_ERROR(Receive(ended));
  }
  return SendWaiting();
}

Status RedisChannel::Receive(Requests& ended) {
  bool may_have_more = true;
  while (may_have_more) {
    ASSIGN_OR_RETURN(may_have_more, redis().ReceiveNow(room_));
    for (;;) {
      ASSIGN_OR_RETURN(Reply * reply, redis().NextReply());
      if (reply == nullptr) {
        break;
      }
      RETURN_IF_ERROR(TakeReply(*reply, ended));
    }
  }
  progress_at_ = host().clock().Now();
  return OkStatus();
}

Status RedisChannel::TakeReply(Reply& reply, Requests& ended) {
  if (in_flight_.empty()) {
    return UnaskedReply();
  }
  Request request = std::move(in_flight_.front().request);
  in_flight_.pop_front();
  if (request == nullptr) {
    return OkStatus();
  }
  auto& asked = static_cast<RedisRequest&>(*request);
  if (!asked.Take(reply)) {
    AddAgain(std::move(request));
    return OkStatus();
  }
  must_leave_ |= asked.must_reconnect();
  ended.push_back(std::move(request));
  return OkStatus();
}

// Whether the next batch must go over another connection. A new one is given a try first, so that a
// server that closes at once costs no endless row of them. The look at the socket is spared a
// connection in busy use.
bool RedisChannel::MustLeave() const {
  if (!has_sent_) {
    return false;
  }
  const SteadyTime now = in_flight_.empty() ? host().clock().Now() : progress_at_;
  const Duration rested = now - progress_at_;
  return must_leave_ || dialer_.MustReplace(redis(), now, rested) ||
         (rested > ConnectionPool::kTrustedFor && !redis().IsIdle());
}

// Makes what waits the next batch.
void RedisChannel::TakeBatch() {
  has_sent_ = true;
  if (in_flight_.empty()) {
    progress_at_ = host().clock().Now();
  }
  RedisCommands& commands = redis().commands();
  commands.Clear();
  ++batch_;
  TakeWaiting([&, index = size_t{0}](Request& request) mutable {
    static_cast<RedisRequest&>(*request).AddCommand(commands);
    const uint64_t id = request->id();
    in_flight_.push_back({std::move(request), id, batch_, index++});
    return true;
  });
  Arm(EndOfPatience());
}

Status RedisChannel::SendWaiting() {
  for (;;) {
    if (!is_sending_) {
      if (!HasWaiting()) {
        return OkStatus();
      }
      if (MustLeave()) {
        return in_flight_.empty() ? ReconnectAsked() : OkStatus();  // what was sent is answered yet
      }
      TakeBatch();
      redis().BeginSend();
      is_sending_ = true;
    }
    ASSIGN_OR_RETURN(const bool is_sent, redis().SendNow());
    Await(is_sent ? POLLIN : POLLIN | POLLOUT);
    if (!is_sent) {
      return OkStatus();
    }
    is_sending_ = false;
  }
}

// Whether it may have come whole to the server.
bool RedisChannel::HasLeft(const Place& place) const {
  return place.batch != batch_ || redis().HasSent(place.index);
}

void RedisChannel::EndSent(const Status& status, Requests& ended) {
  for (Place& place : in_flight_) {
    if (place.request != nullptr) {
      End(place.request, status, HasLeft(place), ended);
    }
  }
  in_flight_.clear();
  is_sending_ = false;
}

void RedisChannel::EndStopped(uint64_t request, Requests& ended) {
  const auto found = std::ranges::lower_bound(in_flight_, request, std::less<>(), &Place::id);
  if (found != in_flight_.end() && found->id == request && found->request != nullptr) {
    End(found->request, StopStatus(*found->request), HasLeft(*found), ended);
  }
}

void RedisChannel::EndLate(SteadyTime now, Requests& ended) {
  for (Place& place : in_flight_) {
    if (place.request != nullptr && IsLate(*place.request, now)) {
      End(place.request, Lateness(), HasLeft(place), ended);
    }
  }
}

SteadyTime RedisChannel::EndOfPatience() const {
  return in_flight_.empty() || options_.read_timeout == Duration::max()
             ? SteadyTime::max()
             : progress_at_ + options_.read_timeout;
}

std::optional<Status> RedisChannel::WhyGiveUp(SteadyTime now) {
  if (now < EndOfPatience()) {
    return std::nullopt;
  }
  return NoProgress("wait for a reply of " + redis().Name(), options_.read_timeout);
}

SteadyTime RedisChannel::NextAlarm() const {
  SteadyTime next = EndOfPatience();
  for (const Place& place : in_flight_) {
    if (place.request != nullptr) {
      next = std::min(next, place.request->deadline().at());
    }
  }
  return next;
}

}  // namespace mecha::components
