// SPDX-License-Identifier: Apache-2.0
#include "redis/redis_line.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "connection/connection_pool.h"
#include "connection/system_error.h"
#include "redis/redis_error.h"
#include "result/status_or.h"

namespace mecha::components {

void RedisLine::Run(const CallContext& call, RedisRequest& request) {
  call.waiter->ResetNotification();
  Place self;
  self.request = &request;
  if (Join(self) || AwaitRole(call, self)) {
    Lead(call, self);
  }
}

// True: nobody leads, so `self` does.
bool RedisLine::Join(Place& self) {
  Place* newest = arrivals_.load(std::memory_order_relaxed);
  do {
    self.next = newest;
  } while (!arrivals_.compare_exchange_weak(newest, newest == nullptr ? &end_ : &self,
                                            std::memory_order_acq_rel, std::memory_order_relaxed));
  if (newest != nullptr) {
    return false;
  }
  const Lock lock(mutex_);
  waiting_.push_back(&self);
  return true;
}

// False when the request has ended; true when this caller leads.
bool RedisLine::AwaitRole(const CallContext& call, Place& self) {
  for (;;) {
    const Status parked = host_.Park(call);
    if (!parked.ok() && HasLeft(self, parked)) {
      return false;
    }
    // Whoever changed the role is about to notify, and this waiter must live until then.
    while (!parked.ok() && !call.waiter->is_notified()) {
      sched_yield();
    }
    call.waiter->ResetNotification();
    const Role role = self.role.load(std::memory_order_acquire);
    if (role != Role::kFollows) {
      return role == Role::kLeads;
    }
  }
}

// False: too late, the caller has another role by now.
bool RedisLine::HasLeft(Place& self, const Status& why) {
  const Lock lock(mutex_);
  if (self.role != Role::kFollows) {
    return false;
  }
  Collect();
  Leave(self, why);
  return true;
}

// Takes over who has come. Under the lock, while there is a leader.
void RedisLine::Collect() {
  if (arrivals_.load(std::memory_order_relaxed) == &end_) {
    return;
  }
  Place* newest = arrivals_.exchange(&end_, std::memory_order_acq_rel);
  const auto before = static_cast<std::ptrdiff_t>(waiting_.size());
  for (; newest != &end_; newest = newest->next) {
    waiting_.push_back(newest);
  }
  std::reverse(waiting_.begin() + before, waiting_.end());
}

void RedisLine::Lead(const CallContext& call, Place& self) {
  Lock lock(mutex_);
  self.role = Role::kLeads;
  while (self.role != Role::kEnded) {
    Collect();
    Status status = connection_ == nullptr ? Connect(call, lock) : OkStatus();
    if (status.ok()) {
      status = Exchange(call, lock);
    }
    if (!status.ok() && self.role != Role::kEnded) {
      Leave(self, status);
    }
    if (!ended_.empty()) {
      WakeEnded(lock);
    }
  }
  HandOver();
  WakeEnded(lock);
}

// The waiters of others live until they are notified; the leader's own is not among them.
void RedisLine::WakeEnded(Lock& lock) {
  std::vector<Waiter*> ended;
  ended.swap(ended_);
  lock.unlock();
  for (Waiter* waiter : ended) {
    waiter->Notify();
  }
  lock.lock();
  ended.clear();
  if (ended_.empty()) {
    ended_.swap(ended);  // keeps its memory
  }
}

// A failure that concerns the server ends all who wait for a connection; the caller's own deadline
// or cancel is returned.
Status RedisLine::Connect(const CallContext& call, Lock& lock) {
  lock.unlock();
  auto dialed = dialer_.Dial(call);
  lock.lock();
  if (dialed.ok()) {
    connection_.reset(static_cast<RedisConnection*>(dialed->release()));
    connection_->commands().Clear();
    has_sent_ = false;
    must_leave_ = false;
    return OkStatus();
  }
  if (!Dialer::ConcernsServer(dialed.status())) {
    return dialed.status();
  }
  for (Place* place : waiting_) {
    EndPlace(place, dialed.status(), false);
  }
  waiting_.clear();
  return OkStatus();
}

void RedisLine::TakeBatch() {
  if (in_flight_.empty()) {
    progress_at_ = host_.clock().Now();
  }
  has_sent_ = true;
  connection_->commands().Clear();
  ++batch_;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    waiting_[i]->batch = batch_;
    waiting_[i]->index = i;
    waiting_[i]->request->AddCommand(connection_->commands());
    in_flight_.push_back(waiting_[i]);
  }
  waiting_.clear();
  connection_->BeginSend();
  is_sending_ = true;
}

// As RedisChannel::MustLeave; the look at the socket is spared a line in busy use.
bool RedisLine::MustLeave() const {
  if (!has_sent_) {
    return false;
  }
  const SteadyTime now = in_flight_.empty() ? host_.clock().Now() : progress_at_;
  const Duration rested = now - progress_at_;
  return must_leave_ || dialer_.MustReplace(*connection_, now, rested) ||
         (rested > ConnectionPool::kTrustedFor && !connection_->IsIdle());
}

// Writes what waits and takes the replies that come next. Only what ends the caller's own call is
// returned.
Status RedisLine::Exchange(const CallContext& call, Lock& lock) {
  if (connection_ == nullptr) {
    return OkStatus();
  }
  if (!is_sending_ && !waiting_.empty()) {
    if (!MustLeave()) {
      TakeBatch();
    } else if (in_flight_.empty()) {
      connection_.reset();  // nothing was sent on it
      return OkStatus();
    }
  }
  lock.unlock();
  Status status;
  if (is_sending_) {
    const auto is_sent = connection_->SendNow();
    status = is_sent.status();
    is_sending_ = !is_sent.ok() || !*is_sent;
  }
  Status own;
  if (status.ok()) {
    status = ReceiveSome(call, own);
  }
  lock.lock();
  if (status.ok() && own.ok()) {
    status = TakeReplies();
  }
  if (!status.ok()) {
    Lose(status);
  }
  return own;
}

// `own`: what ends the caller's call alone.
Status RedisLine::ReceiveSome(const CallContext& call, Status& own) {
  // While callers were woken, replies may have come.
  RETURN_IF_ERROR(connection_->ReceiveNow(room_).status());
  if (connection_->has_unread()) {
    progress_at_ = host_.clock().Now();
    return OkStatus();
  }
  own = AwaitSocket(call, static_cast<short>(is_sending_ ? POLLIN | POLLOUT : POLLIN));
  if (is_lost_by_step_) {
    return std::exchange(own, OkStatus());
  }
  return own.ok() ? connection_->ReceiveNow(room_).status() : OkStatus();
}

// is_lost_by_step_: it was not the call that ended the wait but readTimeout.
Status RedisLine::AwaitSocket(const CallContext& call, short events) {
  is_lost_by_step_ = false;
  CallContext step = call;
  if (options_.read_timeout != Duration::max()) {
    const Deadline limit = Deadline::After(progress_at_, options_.read_timeout);
    step.deadline = Deadline::At(std::min(limit.at(), call.deadline.at()));
  }
  Status status = host_.Wait(step, connection_->fd(), events);
  if (IsDeadlineExceeded(status) && step.deadline.at() < call.deadline.at()) {
    is_lost_by_step_ = true;
    return NoProgress("wait for a reply of " + connection_->Name(), options_.read_timeout);
  }
  if (status.ok()) {
    progress_at_ = host_.clock().Now();
  }
  return status;
}

Status RedisLine::TakeReplies() {
  for (;;) {
    ASSIGN_OR_RETURN(Reply * reply, connection_->NextReply());
    if (reply == nullptr) {
      return OkStatus();
    }
    RETURN_IF_ERROR(TakeReply(*reply));
  }
}

Status RedisLine::TakeReply(Reply& reply) {
  if (in_flight_.empty()) {
    return UnaskedReply();
  }
  Place* place = in_flight_.front();
  in_flight_.pop_front();
  if (place == nullptr) {
    return OkStatus();
  }
  if (!place->request->Take(reply)) {
    place->batch = 0;
    waiting_.push_back(place);
    return OkStatus();
  }
  must_leave_ |= place->request->must_reconnect();
  Release(*place, Role::kEnded);
  return OkStatus();
}

void RedisLine::EndPlace(Place* place, const Status& status, bool was_sent) {
  if (place == nullptr) {
    return;
  }
  const bool may_have_run = was_sent && place->request->is_write();
  place->request->Fail(may_have_run ? MarkApplied(status, Applied::kMaybe) : status);
  Release(*place, Role::kEnded);
}

// A caller that follows is to be woken. It may go as soon as it was notified.
void RedisLine::Release(Place& place, Role role) {
  if (place.role == Role::kFollows) {
    ended_.push_back(&place.request->waiter());
  }
  place.role.store(role, std::memory_order_release);
}

// What was written ends; what still waits goes over a new connection.
void RedisLine::Lose(const Status& status) {
  for (Place* place : in_flight_) {
    const bool was_sent =
        place != nullptr && (place->batch != batch_ || connection_->HasSent(place->index));
    EndPlace(place, status, was_sent);
  }
  in_flight_.clear();
  is_sending_ = false;
  connection_.reset();
}

// The caller goes. What it has not written is never written; its reply, if one comes, is skipped.
void RedisLine::Leave(Place& self, const Status& status) {
  std::replace(in_flight_.begin(), in_flight_.end(), &self, static_cast<Place*>(nullptr));
  std::erase(waiting_, &self);
  self.role = Role::kLeads;  // nobody needs to wake it
  EndPlace(&self, status, self.batch != 0);
}

// The one whose reply comes first leads next.
void RedisLine::HandOver() {
  for (;;) {
    Collect();
    for (std::deque<Place*>* places : {&in_flight_, &waiting_}) {
      for (Place* place : *places) {
        if (place != nullptr) {
          Release(*place, Role::kLeads);
          return;
        }
      }
    }
    Place* newest = &end_;
    if (arrivals_.compare_exchange_strong(newest, nullptr, std::memory_order_acq_rel)) {
      return;
    }
  }
}

void RedisLine::Close() {
  const Lock lock(mutex_);
  in_flight_.clear();
  connection_.reset();
  is_sending_ = false;
}

}  // namespace mecha::components
