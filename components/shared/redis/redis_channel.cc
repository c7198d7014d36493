// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_channel.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "connection/connection_pool.h"
#include "connection/system_error.h"
#include "redis/redis_error.h"
#include "result/status_or.h"

namespace mecha::components {

RedisChannel::~RedisChannel() {
  Drop(std::move(link_));
  options_.Wipe();
}

void RedisChannel::Complete(Requests& ended) {
  for (std::unique_ptr<RedisRequest>& request : ended) {
    request->Release();
    request->Complete();
  }
  ended.clear();
}

void RedisChannel::Submit(std::unique_ptr<RedisRequest> request) {
  const CallContext& call = request->call();
  bool must_post = false;
  {
    const std::lock_guard lock(mutex_);
    ArmLocked(call.deadline.at());
    AddLocked(std::move(request));
    must_post = phase_ == Phase::kOpen && !std::exchange(is_turn_posted_, true);
    if (phase_ == Phase::kClosed && opening_ == nullptr) {
      OpenLocked();
    }
  }
  if (must_post) {
    host_.Post([self = shared_from_this()] { self->Turn(0); });
  }
}

// Under an id of its own, greater than all before: so ids stand in order wherever requests do.
void RedisChannel::AddLocked(std::unique_ptr<RedisRequest> request) {
  request->KeepBy(*this, ++last_id_);
  if (request->call().waiter->stop_cause() != StopCause::kNone) {
    request->OnStop();  // it came before the channel could be told
  }
  waiting_.push_back({std::move(request), last_id_});
}

void RedisChannel::OpenLocked() {
  phase_ = Phase::kOpening;
  opening_ = std::make_shared<Waiter>();
  host_.PostBlocking([self = shared_from_this(), waiter = opening_] { self->Open(waiter); });
}

void RedisChannel::Open(const std::shared_ptr<Waiter>& waiter) {
  {
    const std::lock_guard lock(mutex_);
    if (opening_ != waiter) {
      return;  // taken out
    }
    has_begun_ = true;
  }
  CallContext call;
  call.waiter = waiter.get();
  call.may_block = true;
  auto opened = dialer_.Dial(call);
  Requests ended;
  FinishOpening(std::move(opened), ended);
  Complete(ended);
  Turn(0);
  // Last, for Close waits for it.
  const std::lock_guard lock(mutex_);
  opening_.reset();
  has_begun_ = false;
  has_opened_.notify_all();
  if (phase_ == Phase::kClosed && !waiting_.empty()) {
    OpenLocked();
  }
}

void RedisChannel::FinishOpening(StatusOr<std::unique_ptr<ServerConnection>> opened,
                                 Requests& ended) {
  const std::lock_guard io_lock(io_mutex_);
  if (!opened.ok()) {
    EndWaiting(opened.status(), ended);
  }
  const std::lock_guard lock(mutex_);
  phase_ = opened.ok() ? Phase::kOpen : Phase::kClosed;
  if (!opened.ok()) {
    return;
  }
  link_.connection.reset(static_cast<RedisConnection*>(opened->release()));
  link_.connection->commands().Clear();
  has_sent_ = false;
  must_leave_ = false;
  link_.watch = host_.Watch(link_.connection->fd(), [self = weak_from_this()](short ready) {
    if (const auto channel = self.lock()) {
      channel->Turn(ready);
    }
  });
  host_.Await(link_.watch, POLLIN);
}

// One turn at the socket: reads the replies that are there, writes what waits.
void RedisChannel::Turn(short ready) {
  Requests ended;
  Link lost;
  {
    const std::lock_guard lock(io_mutex_);
    if (link_.connection == nullptr) {
      return;
    }
    Status status = (ready & POLLIN) != 0 ? Receive(ended) : OkStatus();
    if (status.ok()) {
      status = SendWaiting();
    }
    if (!status.ok()) {
      lost = Lose(status, ended);
    }
  }
  Drop(std::move(lost));
  Complete(ended);
}

Status RedisChannel::Receive(Requests& ended) {
  bool may_have_more = true;
  while (may_have_more) {
    ASSIGN_OR_RETURN(may_have_more, link_.connection->ReceiveNow(room_));
    for (;;) {
      ASSIGN_OR_RETURN(Reply * reply, link_.connection->NextReply());
      if (reply == nullptr) {
        break;
      }
      RETURN_IF_ERROR(TakeReply(*reply, ended));
    }
  }
  progress_at_ = host_.clock().Now();
  return OkStatus();
}

Status RedisChannel::TakeReply(Reply& reply, Requests& ended) {
  if (in_flight_.empty()) {
    return UnaskedReply();
  }
  Place place = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (place.request == nullptr) {
    return OkStatus();
  }
  if (!place.request->Take(reply)) {
    place.request->Release();
    const std::lock_guard lock(mutex_);
    AddLocked(std::move(place.request));
    return OkStatus();
  }
  must_leave_ |= place.request->must_reconnect();
  ended.push_back(std::move(place.request));
  return OkStatus();
}

// Whether the next batch must go over another connection. A new one is given a try first, so that a
// server that closes at once costs no endless row of them. The look at the socket is spared a
// connection in busy use.
bool RedisChannel::MustLeave() const {
  if (!has_sent_) {
    return false;
  }
  const SteadyTime now = in_flight_.empty() ? host_.clock().Now() : progress_at_;
  const Duration rested = now - progress_at_;
  if (must_leave_ || rested > options_.idle_timeout ||
      now - link_.connection->opened_at > options_.max_connection_age ||
      dialer_.IsOutdated(*link_.connection)) {
    return true;
  }
  return rested > ConnectionPool::kTrustedFor && !link_.connection->IsIdle();
}

bool RedisChannel::HasWaiting() {
  const std::lock_guard lock(mutex_);
  is_turn_posted_ = false;
  ForgetEndedLocked();
  return !waiting_.empty();
}

// Makes what waits the next batch.
void RedisChannel::TakeBatch() {
  const std::lock_guard lock(mutex_);
  ForgetEndedLocked();
  has_sent_ = true;
  if (in_flight_.empty()) {
    progress_at_ = host_.clock().Now();
  }
  link_.connection->commands().Clear();
  ++batch_;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    waiting_[i].batch = batch_;
    waiting_[i].index = i;
    waiting_[i].request->AddCommand(link_.connection->commands());
    in_flight_.push_back(std::move(waiting_[i]));
  }
  waiting_.clear();
  if (options_.read_timeout != Duration::max()) {
    ArmLocked(progress_at_ + options_.read_timeout);
  }
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
      link_.connection->BeginSend();
      is_sending_ = true;
    }
    ASSIGN_OR_RETURN(const bool is_sent, link_.connection->SendNow());
    if (awaits_room_ == is_sent) {
      awaits_room_ = !is_sent;
      host_.Await(link_.watch, is_sent ? POLLIN : POLLIN | POLLOUT);
    }
    if (!is_sent) {
      return OkStatus();
    }
    is_sending_ = false;
  }
}

bool RedisChannel::MayHaveRun(const Place& place) const {
  return place.request->is_write() && place.batch != 0 &&
         (place.batch != batch_ || link_.connection == nullptr ||
          link_.connection->HasSent(place.index));
}

void RedisChannel::EndPlace(Place& place, Status status, Requests& ended) {
  if (place.request == nullptr) {
    return;
  }
  if (MayHaveRun(place)) {
    status = MarkApplied(std::move(status), Applied::kMaybe);
  }
  place.request->Fail(std::move(status));
  ended.push_back(std::move(place.request));
}

// What was written ends; what still waits goes over a new connection.
RedisChannel::Link RedisChannel::Lose(const Status& status, Requests& ended) {
  for (Place& place : in_flight_) {
    EndPlace(place, status, ended);
  }
  in_flight_.clear();
  is_sending_ = false;
  awaits_room_ = false;
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kClosed;
  ForgetEndedLocked();
  if (!waiting_.empty() && opening_ == nullptr) {
    OpenLocked();
  }
  return std::exchange(link_, Link());
}

void RedisChannel::EndWaiting(const Status& status, Requests& ended) {
  const std::lock_guard lock(mutex_);
  for (Place& place : waiting_) {
    EndPlace(place, status, ended);
  }
  waiting_.clear();
}

void RedisChannel::Drop(Link link) {
  if (link.connection != nullptr) {
    host_.Unwatch(link.watch);
  }
}

void RedisChannel::StopRequested(uint64_t request) {
  host_.Post([weak = weak_from_this(), request] {
    const auto self = weak.lock();
    if (self == nullptr) {
      return;
    }
    Requests ended;
    {
      const std::lock_guard io_lock(self->io_mutex_);
      self->EndIn(self->in_flight_, request, ended);
      const std::lock_guard lock(self->mutex_);
      self->EndIn(self->waiting_, request, ended);
    }
    Complete(ended);
  });
}

void RedisChannel::EndIn(std::deque<Place>& places, uint64_t request, Requests& ended) {
  const auto found =
      std::lower_bound(places.begin(), places.end(), request,
                       [](const Place& place, uint64_t id) { return place.id < id; });
  if (found != places.end() && found->id == request && found->request != nullptr) {
    EndPlace(*found, found->request->call().waiter->Check(), ended);
  }
}

// What ended before it was written is never written.
void RedisChannel::ForgetEndedLocked() {
  std::erase_if(waiting_, [](const Place& place) { return place.request == nullptr; });
}

void RedisChannel::EndLate(std::deque<Place>& places, SteadyTime now, Requests& ended) {
  for (Place& place : places) {
    if (place.request != nullptr && place.request->call().deadline.HasPassed(now)) {
      EndPlace(place, DeadlineExceeded("the deadline passed while waiting for the back-end"),
               ended);
    }
  }
}

void RedisChannel::OnAlarm() {
  Requests ended;
  Link lost;
  {
    const std::lock_guard io_lock(io_mutex_);
    const SteadyTime now = host_.clock().Now();
    EndLate(in_flight_, now, ended);
    const Duration limit = options_.read_timeout;
    if (!in_flight_.empty() && limit != Duration::max() && now - progress_at_ >= limit) {
      lost = Lose(NoProgress("wait for a reply of " + link_.connection->Name(), limit), ended);
    }
    const std::lock_guard lock(mutex_);
    EndLate(waiting_, now, ended);
    alarm_at_ = SteadyTime::max();
    ArmLocked(NextAlarm());
  }
  Drop(std::move(lost));
  Complete(ended);
}

SteadyTime RedisChannel::NextAlarm() const {
  SteadyTime next = SteadyTime::max();
  for (const std::deque<Place>* places : {&in_flight_, &waiting_}) {
    for (const Place& place : *places) {
      if (place.request != nullptr) {
        next = std::min(next, place.request->call().deadline.at());
      }
    }
  }
  if (!in_flight_.empty() && options_.read_timeout != Duration::max()) {
    next = std::min(next, progress_at_ + options_.read_timeout);
  }
  return next;
}

// One timer, for the earliest moment at which something may have to end.
void RedisChannel::ArmLocked(SteadyTime at) {
  if (at >= alarm_at_) {
    return;
  }
  alarm_at_ = at;
  const Duration delay = std::max(Duration(1), at - host_.clock().Now());
  host_.RunAfter(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->OnAlarm();
    }
  });
}

void RedisChannel::EndAll(const Status& status) {
  Requests ended;
  Link link;
  {
    const std::lock_guard io_lock(io_mutex_);
    EndWaiting(status, ended);
    link = Lose(status, ended);
  }
  Drop(std::move(link));
  Complete(ended);
}

void RedisChannel::Close(const Status& status) {
  EndAll(status);
  {
    std::unique_lock lock(mutex_);
    if (!has_begun_) {
      opening_.reset();  // where the host lends the threads, it might never begin
      return;
    }
    opening_->Stop(StopCause::kClosed);
    has_opened_.wait(lock, [this] { return opening_ == nullptr; });
  }
  EndAll(status);  // it may have succeeded before it was stopped
}

}  // namespace mecha::components
