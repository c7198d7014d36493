// SPDX-License-Identifier: Apache-2.0
#include "channel/channel.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace mecha::components {

void Channel::Complete(Requests& ended) {
  OnEnded(ended.size());
  for (Request& request : ended) {
    request->Release();
    request->Complete();
  }
  ended.clear();
}

void Channel::SubmitRequest(Request request) {
  const SteadyTime deadline = request->deadline().at();
  bool must_post = false;
  {
    const std::lock_guard lock(mutex_);
    ArmLocked(deadline);
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
void Channel::AddLocked(Request request) {
  request->KeepBy(*this, ++last_id_);
  waiting_.push_back({std::move(request), last_id_});
}

void Channel::AddAgain(Request request) {
  request->Release();
  const std::lock_guard lock(mutex_);
  AddLocked(std::move(request));
}

void Channel::OpenLocked() {
  phase_ = Phase::kOpening;
  opening_ = std::make_shared<Waiter>();
  host_.PostBlocking([self = shared_from_this(), waiter = opening_] { self->Open(waiter); });
}

void Channel::Open(const std::shared_ptr<Waiter>& waiter) {
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
  Requests ended;
  FinishOpening(OpenConnection(call), ended);
  Complete(ended);
  Turn(0);
  // Last, for Close waits for it.
  const std::lock_guard lock(mutex_);
  opening_.reset();
  has_begun_ = false;
  has_opened_.notify_all();
  if (phase_ == Phase::kClosed && HasWaitingLocked()) {
    OpenLocked();
  }
}

void Channel::FinishOpening(StatusOr<std::unique_ptr<ServerConnection>> opened, Requests& ended) {
  const std::lock_guard io_lock(io_mutex_);
  const std::lock_guard lock(mutex_);
  phase_ = opened.ok() ? Phase::kOpen : Phase::kClosed;
  if (!opened.ok()) {
    EndWaitingLocked(opened.status(), ended);
    return;
  }
  link_.connection = *std::move(opened);
  link_.watch = host_.Watch(Begin(), [self = weak_from_this()](short ready) {
    if (const auto channel = self.lock()) {
      channel->Turn(ready);
    }
  });
  awaited_ = 0;
  Await(POLLIN);
}

void Channel::Await(short events) {
  if (awaited_ != events) {
    awaited_ = events;
    host_.Await(link_.watch, events);
  }
}

// One turn at the connection: reads the answers that are there, writes what waits.
void Channel::Turn(short ready) {
  Requests ended;
  Link lost;
  {
    const std::lock_guard lock(io_mutex_);
    if (link_.connection == nullptr) {
      return;
    }
    const Status status = Drive(ready, ended);
    if (!status.ok() || IsOver()) {
      lost = Lose(status, ended);
    }
  }
  Drop(std::move(lost));
  Complete(ended);
}

bool Channel::HasWaiting() {
  const std::lock_guard lock(mutex_);
  is_turn_posted_ = false;
  return HasWaitingLocked();
}

// What ended before it was sent is never sent.
bool Channel::HasWaitingLocked() {
  while (!waiting_.empty() && waiting_.front().request == nullptr) {
    waiting_.pop_front();
  }
  return !waiting_.empty();
}

void Channel::End(Request& request, Status status, bool may_have_run, Requests& ended) {
  if (may_have_run && request->is_write()) {
    status = MarkApplied(std::move(status), Applied::kMaybe);
  }
  request->Fail(std::move(status));
  ended.push_back(std::move(request));
}

Status Channel::Lateness() {
  return DeadlineExceeded("the deadline passed while waiting for the back-end");
}

// What was sent ends; what still waits goes over a new connection.
Channel::Link Channel::Lose(const Status& status, Requests& ended) {
  EndSent(status, ended);
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kClosed;
  if (HasWaitingLocked() && opening_ == nullptr) {
    OpenLocked();
  }
  return std::exchange(link_, Link());
}

void Channel::EndWaitingLocked(const Status& status, Requests& ended) {
  for (Waiting& one : waiting_) {
    if (one.request != nullptr) {
      End(one.request, status, false, ended);
    }
  }
  waiting_.clear();
}

void Channel::Drop(Link link) {
  if (link.connection != nullptr) {
    host_.Unwatch(link.watch);
  }
}

void Channel::StopRequested(uint64_t request) {
  host_.Post([weak = weak_from_this(), request] {
    const auto self = weak.lock();
    if (self == nullptr) {
      return;
    }
    Requests ended;
    {
      const std::lock_guard io_lock(self->io_mutex_);
      self->EndStopped(request, ended);
      const std::lock_guard lock(self->mutex_);
      const auto found =
          std::ranges::lower_bound(self->waiting_, request, std::less<>(), &Waiting::id);
      if (found != self->waiting_.end() && found->id == request && found->request != nullptr) {
        End(found->request, StopStatus(*found->request), false, ended);
      }
    }
    self->Complete(ended);
  });
}

void Channel::OnAlarm() {
  Requests ended;
  Link lost;
  {
    const std::lock_guard io_lock(io_mutex_);
    const SteadyTime now = host_.clock().Now();
    EndLate(now, ended);
    if (const std::optional<Status> why = WhyGiveUp(now); why.has_value()) {
      lost = Lose(*why, ended);
    }
    SteadyTime next = NextAlarm();
    const std::lock_guard lock(mutex_);
    for (Waiting& one : waiting_) {
      if (one.request != nullptr && IsLate(*one.request, now)) {
        End(one.request, Lateness(), false, ended);
      } else if (one.request != nullptr) {
        next = std::min(next, one.request->deadline().at());
      }
    }
    alarm_at_ = SteadyTime::max();
    ArmLocked(next);
  }
  Drop(std::move(lost));
  Complete(ended);
}

void Channel::Arm(SteadyTime at) {
  const std::lock_guard lock(mutex_);
  ArmLocked(at);
}

// One timer, for the earliest moment at which something may have to end.
void Channel::ArmLocked(SteadyTime at) {
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

void Channel::EndAll(const Status& status) {
  Requests ended;
  Link link;
  {
    const std::lock_guard io_lock(io_mutex_);
    {
      const std::lock_guard lock(mutex_);
      EndWaitingLocked(status, ended);
    }
    link = Lose(status, ended);
  }
  Drop(std::move(link));
  Complete(ended);
}

void Channel::Close(const Status& status) {
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
