// SPDX-License-Identifier: Apache-2.0
#include "postgres_channel.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "array_text.h"
#include "result/status_or.h"
#include "rows_by_key.h"
#include "state_rows.h"

namespace MECHA_COMPONENT {
namespace {

// So many reads become one statement; more would hold up what comes behind.
constexpr size_t kReadsAtOnce = 32;
// A statement that takes longer holds the others up.
constexpr Duration kPatience = std::chrono::milliseconds(100);
// A session whose last caller has gone is given up when it says nothing for so long.
constexpr Duration kLastPatience = std::chrono::seconds(1);

// What goes over a channel, prepared when its session is opened.
constexpr Sql kStatements[] = {Sql::kGet,          Sql::kGetMany,    Sql::kSet,
                               Sql::kSetIfAbsent,  Sql::kSetIfMatch, Sql::kDelete,
                               Sql::kDeleteIfMatch};

}  // namespace

void PostgresChannel::Complete(Requests& ended) {
  load_.fetch_sub(ended.size(), std::memory_order_relaxed);
  for (std::unique_ptr<PostgresRequest>& request : ended) {
    request->Release();
    request->Complete();
  }
  ended.clear();
}

bool PostgresChannel::IsStuck(SteadyTime now) const {
  const SteadyTime since = waits_since_.load(std::memory_order_relaxed);
  return since < now && now - since > kPatience;
}

void PostgresChannel::Submit(std::unique_ptr<PostgresRequest> request) {
  load_.fetch_add(1, std::memory_order_relaxed);
  bool must_post = false;
  {
    const std::lock_guard lock(mutex_);
    request->KeepBy(*this, ++last_id_);
    ArmLocked(request->deadline().at());
    waiting_.push_back(std::move(request));
    must_post = phase_ == Phase::kOpen && !std::exchange(is_turn_posted_, true);
    if (phase_ == Phase::kClosed && opening_ == nullptr) {
      OpenLocked();
    }
  }
  if (must_post) {
    host_.Post([self = shared_from_this()] { self->Turn(0); });
  }
}

void PostgresChannel::OpenLocked() {
  phase_ = Phase::kOpening;
  opening_ = std::make_unique<Waiter>();
  host_.PostBlocking([self = shared_from_this()] { self->Open(); });
}

StatusOr<std::unique_ptr<PostgresConnection>> PostgresChannel::OpenSession() {
  CallContext call;
  call.waiter = opening_.get();
  call.may_block = true;
  call.deadline = Deadline::After(host_.clock().Now(), pool_.options().timeout);
  ASSIGN_OR_RETURN(std::unique_ptr<ServerConnection> opened, dialer_.Dial(call));
  std::unique_ptr<PostgresConnection> session(static_cast<PostgresConnection*>(opened.release()));
  for (const Sql sql : kStatements) {
    RETURN_IF_ERROR(session->Prepare(call, sql));
  }
  RETURN_IF_ERROR(session->BeginPipeline());
  return session;
}

void PostgresChannel::Open() {
  Requests ended;
  FinishOpening(OpenSession(), ended);
  Complete(ended);
  Turn(0);
  // Last, for Close waits for it.
  const std::lock_guard lock(mutex_);
  opening_.reset();
  has_opened_.notify_all();
  if (phase_ == Phase::kClosed && !waiting_.empty()) {
    OpenLocked();
  }
}

void PostgresChannel::FinishOpening(StatusOr<std::unique_ptr<PostgresConnection>> opened,
                                    Requests& ended) {
  const std::lock_guard io_lock(io_mutex_);
  if (opened.ok() && opening_->stop_cause() != StopCause::kNone) {
    opened = opening_->Check();  // Close came first
  }
  if (!opened.ok()) {
    EndWaiting(opened.status(), ended);
  }
  const std::lock_guard lock(mutex_);
  phase_ = opened.ok() ? Phase::kOpen : Phase::kClosed;
  if (!opened.ok()) {
    return;
  }
  link_.connection = std::move(*opened);
  used_at_ = host_.clock().Now();
  is_ending_ = false;
  awaited_ = 0;
  link_.watch = host_.Watch(link_.connection->fd(), [self = weak_from_this()](short ready) {
    if (const auto channel = self.lock()) {
      channel->Turn(ready);
    }
  });
  Await(POLLIN);
}

void PostgresChannel::Await(short events) {
  if (awaited_ != events) {
    awaited_ = events;
    host_.Await(link_.watch, events);
  }
}

// One turn at the session: reads the results that are there, sends what waits.
void PostgresChannel::Turn(short ready) {
  Requests ended;
  Link lost;
  {
    const std::lock_guard lock(io_mutex_);
    if (link_.connection == nullptr) {
      return;
    }
    const Status status = Drive(ready, ended);
    if (!status.ok() || (is_ending_ && in_flight_.empty())) {
      lost = Lose(status, ended);
    }
  }
  Drop(std::move(lost));
  Complete(ended);
}

Status PostgresChannel::Drive(short ready, Requests& ended) {
  if ((ready & POLLIN) != 0) {
    RETURN_IF_ERROR(link_.connection->ReadNow());
    RETURN_IF_ERROR(TakeResults(ended));
  }
  RETURN_IF_ERROR(SendWaiting());
  return TakeResults(ended);  // libpq reads, too, where it cannot send
}

Status PostgresChannel::TakeResults(Requests& ended) {
  for (;;) {
    ASSIGN_OR_RETURN(QueryResult result, link_.connection->NextResult());
    if (result.is_null()) {
      return OkStatus();
    }
    if (in_flight_.empty()) {
      return Internal("PostgreSQL answered what nobody asked");
    }
    if (result.kind() == PGRES_PIPELINE_SYNC) {
      RETURN_IF_ERROR(FinishFirst(ended));
    } else if (in_flight_.front().result.is_null() || result.is_error()) {
      in_flight_.front().result = std::move(result);  // also when only its commit failed
    }
  }
}

// The first statement is over, and committed if it has no error.
Status PostgresChannel::FinishFirst(Requests& ended) {
  Sent sent = std::move(in_flight_.front());
  in_flight_.pop_front();
  NoteProgress(host_.clock().Now());
  if (sent.result.is_null()) {
    return Internal("PostgreSQL gave no result for a statement");
  }
  const Status status = Understand(sent);
  if (!status.ok()) {
    is_ending_ = is_ending_ || !link_.connection->is_usable();
    for (std::unique_ptr<PostgresRequest>& request : sent.requests) {
      request->Fail(status);
    }
  } else if (sent.kind == Kind::kReads) {
    const RowsByKey rows(sent.result);
    for (std::unique_ptr<PostgresRequest>& request : sent.requests) {
      request->Take(layout_, sent.result, rows.RowOf(request->key()));
    }
  } else {
    for (std::unique_ptr<PostgresRequest>& request : sent.requests) {
      request->Take(layout_, sent.result, sent.result.rows() == 0 ? -1 : 0);
    }
  }
  std::move(sent.requests.begin(), sent.requests.end(), std::back_inserter(ended));
  return OkStatus();
}

Status PostgresChannel::Understand(const Sent& sent) {
  PostgresConnection& session = *link_.connection;
  if (sent.kind == Kind::kWrite) {
    return sent.result.is_error() ? session.WriteErrorOf(sent.result) : OkStatus();
  }
  return sent.result.is_error() ? session.ErrorOf(sent.result)
                                : session.CheckRows(sent.result, sent.kind == Kind::kReads);
}

void PostgresChannel::NoteProgress(SteadyTime now) {
  used_at_ = now;
  waits_since_.store(in_flight_.empty() ? SteadyTime::max() : now, std::memory_order_relaxed);
}

// As the pool replaces a connection that is old, or has rested for too long.
bool PostgresChannel::IsTired() {
  const SteadyTime now = host_.clock().Now();
  return in_flight_.empty() &&
         (now - used_at_ > pool_.options().idle_timeout ||
          now - link_.connection->opened_at > pool_.options().max_connection_age);
}

// What goes into one statement next: a write, or the reads before the next write.
PostgresChannel::Requests PostgresChannel::TakeWaiting() {
  Requests taken;
  const std::lock_guard lock(mutex_);
  is_turn_posted_ = false;
  while (!waiting_.empty() && taken.size() < kReadsAtOnce) {
    const bool is_write = waiting_.front()->write() != nullptr;
    if (is_write && !taken.empty()) {
      break;
    }
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (is_write) {
      break;
    }
  }
  return taken;
}

Status PostgresChannel::SendWaiting() {
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_sent, link_.connection->FlushNow());
    if (!is_sent) {
      Await(POLLIN | POLLOUT);
      return OkStatus();
    }
    is_ending_ = is_ending_ || IsTired();
    Requests next = is_ending_ ? Requests() : TakeWaiting();
    if (next.empty()) {
      Await(POLLIN);
      return OkStatus();
    }
    RETURN_IF_ERROR(Add(std::move(next)));
  }
}

// From here on its writes may have been applied.
Status PostgresChannel::Add(Requests requests) {
  Sent& sent = in_flight_.emplace_back();
  if (in_flight_.size() == 1) {
    NoteProgress(host_.clock().Now());
  }
  sent.requests = std::move(requests);
  const PostgresRequest& first = *sent.requests.front();
  PostgresConnection& session = *link_.connection;
  if (first.write() != nullptr) {
    sent.kind = Kind::kWrite;
    const EncodedWrite encoded(layout_, *first.write());
    RETURN_IF_ERROR(session.Add(encoded.sql, encoded.parameters));
  } else if (sent.requests.size() > 1) {
    sent.kind = Kind::kReads;
    ArrayText keys(ArrayText::kText, sent.requests.size());
    for (const std::unique_ptr<PostgresRequest>& request : sent.requests) {
      keys.Add(request->key());
    }
    RETURN_IF_ERROR(session.Add(Sql::kGetMany, Parameters().Add(keys.text())));
  } else {
    RETURN_IF_ERROR(session.Add(Sql::kGet, Parameters().Add(first.key())));
  }
  return session.Sync();
}

// What was sent ends; what still waits goes over a new session.
PostgresChannel::Link PostgresChannel::Lose(const Status& status, Requests& ended) {
  for (Sent& sent : in_flight_) {
    for (std::unique_ptr<PostgresRequest>& request : sent.requests) {
      request->Fail(request->write() != nullptr ? MarkApplied(status, Applied::kMaybe) : status);
      ended.push_back(std::move(request));
    }
  }
  in_flight_.clear();
  NoteProgress(host_.clock().Now());
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kOpen) {
    phase_ = Phase::kClosed;
  }
  if (phase_ == Phase::kClosed && !waiting_.empty() && opening_ == nullptr) {
    OpenLocked();
  }
  return std::exchange(link_, Link());
}

void PostgresChannel::EndWaiting(const Status& status, Requests& ended) {
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<PostgresRequest>& request : waiting_) {
    request->Fail(status);
    ended.push_back(std::move(request));
  }
  waiting_.clear();
}

void PostgresChannel::Drop(Link link) {
  if (link.connection != nullptr) {
    host_.Unwatch(link.watch);
  }
}

// Ends the requests for which `ends_with` has a status. What ends before it was sent is never sent.
template <class EndsWith>
void PostgresChannel::EndSome(EndsWith ends_with, Requests& ended) {
  const auto end_in = [&](auto& requests, bool was_sent) {
    std::erase_if(requests, [&](std::unique_ptr<PostgresRequest>& request) {
      Status status = ends_with(*request);
      if (status.ok()) {
        return false;
      }
      const bool may_have_run = was_sent && request->write() != nullptr;
      request->Fail(may_have_run ? MarkApplied(std::move(status), Applied::kMaybe)
                                 : std::move(status));
      ended.push_back(std::move(request));
      return true;
    });
  };
  for (Sent& sent : in_flight_) {
    end_in(sent.requests, true);
  }
  const std::lock_guard lock(mutex_);
  end_in(waiting_, false);
}

void PostgresChannel::StopRequested(uint64_t request) {
  host_.Post([weak = weak_from_this(), request] {
    const auto self = weak.lock();
    if (self == nullptr) {
      return;
    }
    Requests ended;
    {
      const std::lock_guard io_lock(self->io_mutex_);
      self->EndSome(
          [request](const PostgresRequest& one) {
            return one.id() == request ? one.StopStatus() : OkStatus();
          },
          ended);
    }
    self->Complete(ended);
  });
}

// Nobody waits for what is owed, and the server says nothing: nobody should queue up behind it.
bool PostgresChannel::IsAbandoned() const {
  return !in_flight_.empty() && std::all_of(in_flight_.begin(), in_flight_.end(),
                                            [](const Sent& sent) { return sent.requests.empty(); });
}

void PostgresChannel::OnAlarm() {
  Requests ended;
  Link lost;
  {
    const std::lock_guard io_lock(io_mutex_);
    const SteadyTime now = host_.clock().Now();
    EndSome(
        [now](const PostgresRequest& request) {
          return request.deadline().HasPassed(now)
                     ? DeadlineExceeded("the deadline passed while waiting for the back-end")
                     : OkStatus();
        },
        ended);
    if (IsAbandoned() && now - used_at_ >= kLastPatience) {
      lost = Lose(OkStatus(), ended);
    }
    const std::lock_guard lock(mutex_);
    alarm_at_ = SteadyTime::max();
    ArmLocked(NextAlarm());
  }
  Drop(std::move(lost));
  Complete(ended);
}

// Under both locks.
SteadyTime PostgresChannel::NextAlarm() const {
  SteadyTime next = IsAbandoned() ? used_at_ + kLastPatience : SteadyTime::max();
  for (const Sent& sent : in_flight_) {
    for (const std::unique_ptr<PostgresRequest>& request : sent.requests) {
      next = std::min(next, request->deadline().at());
    }
  }
  for (const std::unique_ptr<PostgresRequest>& request : waiting_) {
    next = std::min(next, request->deadline().at());
  }
  return next;
}

// One timer, for the earliest moment at which something may have to end.
void PostgresChannel::ArmLocked(SteadyTime at) {
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

void PostgresChannel::Close(const Status& status) {
  Requests ended;
  Link link;
  {
    const std::lock_guard io_lock(io_mutex_);
    EndWaiting(status, ended);
    link = Lose(status, ended);
    const std::lock_guard lock(mutex_);
    if (opening_ != nullptr) {
      opening_->Stop(StopCause::kClosed);
    }
  }
  Drop(std::move(link));
  Complete(ended);
  std::unique_lock lock(mutex_);
  has_opened_.wait(lock, [this] { return opening_ == nullptr; });
}

}  // namespace MECHA_COMPONENT
