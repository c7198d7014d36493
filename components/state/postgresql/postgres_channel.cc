// SPDX-License-Identifier: Apache-2.0
#include "postgres_channel.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "parameters.h"
#include "result/status_or.h"
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

bool PostgresChannel::IsStuck(SteadyTime now) const {
  const SteadyTime since = waits_since_.load(std::memory_order_relaxed);
  return since < now && now - since > kPatience;
}

void PostgresChannel::Submit(std::unique_ptr<PostgresRequest> request) {
  load_.fetch_add(1, std::memory_order_relaxed);
  SubmitRequest(std::move(request));
}

StatusOr<std::unique_ptr<ServerConnection>> PostgresChannel::OpenConnection(CallContext call) {
  call.deadline = Deadline::After(host().clock().Now(), pool_.options().timeout);
  ASSIGN_OR_RETURN(std::unique_ptr<ServerConnection> opened, dialer_.Dial(call));
  auto& session = static_cast<PostgresConnection&>(*opened);
  for (const Sql sql : kStatements) {
    RETURN_IF_ERROR(session.Prepare(call, sql));
  }
  RETURN_IF_ERROR(session.BeginPipeline());
  return opened;
}

int PostgresChannel::Begin() {
  used_at_ = host().clock().Now();
  is_ending_ = false;
  return session().fd();
}

Status PostgresChannel::Drive(short ready, Requests& ended) {
  if ((ready & POLLIN) != 0) {
    RETURN_IF_ERROR(session().ReadNow());
    RETURN_IF_ERROR(TakeResults(ended));
  }
  RETURN_IF_ERROR(SendWaiting());
  return TakeResults(ended);  // libpq reads, too, where it cannot send
}

Status PostgresChannel::TakeResults(Requests& ended) {
  for (;;) {
    ASSIGN_OR_RETURN(QueryResult result, session().NextResult());
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
  if (in_flight_.front().result.is_null()) {
    return Internal("PostgreSQL gave no result for a statement");
  }
  Sent sent = std::move(in_flight_.front());
  in_flight_.pop_front();
  NoteProgress(host().clock().Now());
  const Status status = Understand(sent);
  if (!status.ok()) {
    is_ending_ = is_ending_ || !session().is_usable();
    for (Request& request : sent.requests) {
      request->Fail(status);
    }
  } else if (sent.kind == Kind::kReads) {
    const RowsByKey rows(sent.result);
    for (const Request& request : sent.requests) {
      Of(request).Take(layout_, sent.result, rows.RowOf(Of(request).key()));
    }
  } else {
    for (const Request& request : sent.requests) {
      Of(request).Take(layout_, sent.result, sent.result.rows() == 0 ? -1 : 0);
    }
  }
  std::move(sent.requests.begin(), sent.requests.end(), std::back_inserter(ended));
  return OkStatus();
}

Status PostgresChannel::Understand(const Sent& sent) {
  if (sent.kind == Kind::kWrite) {
    return sent.result.is_error() ? session().WriteErrorOf(sent.result) : OkStatus();
  }
  return sent.result.is_error() ? session().ErrorOf(sent.result)
                                : session().CheckRows(sent.result, sent.kind == Kind::kReads);
}

void PostgresChannel::NoteProgress(SteadyTime now) {
  used_at_ = now;
  waits_since_.store(in_flight_.empty() ? SteadyTime::max() : now, std::memory_order_relaxed);
}

// As the pool replaces a connection that is old, or has rested for too long.
bool PostgresChannel::IsTired() {
  const SteadyTime now = host().clock().Now();
  return in_flight_.empty() && dialer_.MustReplace(session(), now, now - used_at_);
}

// What goes into one statement next: a write, or the reads before the next write.
PostgresChannel::Requests PostgresChannel::TakeNext() {
  Requests taken;
  TakeWaiting([&taken](Request& request) {
    const bool has_room = taken.empty() || (!request->is_write() && !taken.front()->is_write());
    if (!has_room || taken.size() == kReadsAtOnce) {
      return false;
    }
    taken.push_back(std::move(request));
    return true;
  });
  return taken;
}

Status PostgresChannel::SendWaiting() {
  for (;;) {
    ASSIGN_OR_RETURN(const bool is_sent, session().FlushNow());
    if (!is_sent) {
      Await(POLLIN | POLLOUT);
      return OkStatus();
    }
    is_ending_ = is_ending_ || IsTired();
    Requests next = is_ending_ ? Requests() : TakeNext();
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
    NoteProgress(host().clock().Now());
  }
  sent.requests = std::move(requests);
  const PostgresRequest& first = Of(sent.requests.front());
  if (first.write() != nullptr) {
    sent.kind = Kind::kWrite;
    const EncodedWrite encoded(layout_, *first.write());
    RETURN_IF_ERROR(session().Add(encoded.sql, encoded.parameters));
  } else if (sent.requests.size() > 1) {
    sent.kind = Kind::kReads;
    ArrayText keys(ArrayText::kText, sent.requests.size());
    for (const Request& request : sent.requests) {
      keys.Add(Of(request).key());
    }
    RETURN_IF_ERROR(session().Add(Sql::kGetMany, Parameters().Add(keys.text())));
  } else {
    RETURN_IF_ERROR(session().Add(Sql::kGet, Parameters().Add(first.key())));
  }
  return session().Sync();
}

void PostgresChannel::EndSent(const Status& status, Requests& ended) {
  for (Sent& sent : in_flight_) {
    for (Request& request : sent.requests) {
      End(request, status, true, ended);
    }
  }
  in_flight_.clear();
  NoteProgress(host().clock().Now());
}

// Ends the requests for which `ends_with` has a status.
template <class EndsWith>
void PostgresChannel::EndSome(EndsWith ends_with, Requests& ended) {
  for (Sent& sent : in_flight_) {
    std::erase_if(sent.requests, [&](Request& request) {
      Status status = ends_with(*request);
      if (status.ok()) {
        return false;
      }
      End(request, std::move(status), true, ended);
      return true;
    });
  }
}

void PostgresChannel::EndStopped(uint64_t request, Requests& ended) {
  EndSome(
      [request](const ChannelRequest& one) {
        return one.id() == request ? StopStatus(one) : OkStatus();
      },
      ended);
}

void PostgresChannel::EndLate(SteadyTime now, Requests& ended) {
  EndSome(
      [now](const ChannelRequest& request) {
        return IsLate(request, now) ? Lateness() : OkStatus();
      },
      ended);
}

// Nobody waits for what is owed, and the server says nothing: nobody should queue up behind it.
bool PostgresChannel::IsAbandoned() const {
  return !in_flight_.empty() && std::all_of(in_flight_.begin(), in_flight_.end(),
                                            [](const Sent& sent) { return sent.requests.empty(); });
}

std::optional<Status> PostgresChannel::WhyGiveUp(SteadyTime now) {
  return IsAbandoned() && now - used_at_ >= kLastPatience ? std::optional(OkStatus())
                                                          : std::nullopt;
}

SteadyTime PostgresChannel::NextAlarm() const {
  SteadyTime next = IsAbandoned() ? used_at_ + kLastPatience : SteadyTime::max();
  for (const Sent& sent : in_flight_) {
    for (const Request& request : sent.requests) {
      next = std::min(next, request->deadline().at());
    }
  }
  return next;
}

}  // namespace MECHA_COMPONENT
