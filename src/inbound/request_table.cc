// SPDX-License-Identifier: Apache-2.0
#include "inbound/request_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "inbound/registration.h"
#include "inbound/request.h"

namespace mecha {
namespace {

// How many cancelled requests are told apart from those that never were.
constexpr size_t kMostCancelled = 1024;

Status Gone() {
  return Status(StatusCode::kGone, "the request is not open: it was answered or taken back");
}

bool IsHeld(const Request& request) {
  return std::ranges::any_of(
      request.messages(), [](const Offered& message) { return message->source->Holds(*message); });
}

void End(Request& request, const HostReply& reply) {
  if (!reply.has_entries) {
    request.registration()->End(request, reply.whole);
    return;
  }
  std::vector<Answer> answers(request.messages().size(), {.kind = Answer::Kind::kRetry});
  for (const HostReply::Entry& entry : reply.entries) {
    answers[entry.index] = entry.answer;
  }
  request.registration()->EndEach(request, answers);
}

}  // namespace

RequestTable::~RequestTable() {
  for (Request* request : table_.Collect([](const Request&) { return true; })) {
    request->Release();  // of Collect
    request->Release();  // of the table
  }
}

void RequestTable::Add(std::span<Request* const> requests) {
  table_.AddAll(requests, [](Request& request, uint64_t id) {
    request.Retain();
    request.set_id(id);
  });
}

void RequestTable::Remove(Request& request, bool was_cancelled) {
  const uint64_t id = request.id();
  if (was_cancelled) {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(id);
    if (cancelled_.size() > kMostCancelled) {
      cancelled_.pop_front();
    }
  }
  const bool was_listed = request.is_listed && table_.Remove(id) != nullptr;
  // What enters on its behalf from here on finds it gone.
  if (was_cancelled && cancel_listener_) {
    cancel_listener_(id);
  }
  if (was_listed) {
    request.Release();  // of the table
  }
}

Status RequestTable::Reply(uint64_t id, const HostReply& reply) {
  // An answer that cannot be wrong ends it: it leaves the table now, with the table's reference.
  const bool leaves = reply.entries.empty();
  Request* request = leaves ? table_.Remove(id) : table_.Find(id);
  if (request == nullptr) {
    return Gone();
  }
  const size_t count = request->messages().size();
  Status answered;
  if (std::ranges::any_of(reply.entries, [&](const auto& entry) { return entry.index >= count; })) {
    answered = InvalidArgument("an entry's index is not below " + std::to_string(count) +
                               ", the number of messages in the request");
  } else if (!IsHeld(*request)) {
    answered = Status(StatusCode::kGone, "the lease is over: another handler may have the message");
    if (request->Claim()) {
      request->is_listed = !leaves;
      request->registration()->End(*request, {.kind = Answer::Kind::kLost});
    }
  } else if (!request->Claim()) {
    answered = Gone();
  } else {
    request->is_listed = !leaves;
    End(*request, reply);
  }
  request->Release();
  return answered;
}

Status RequestTable::Check(uint64_t id) {
  Request* request = table_.Find(id);
  if (request != nullptr) {
    const bool is_held = IsHeld(*request);
    request->Release();
    return is_held ? OkStatus() : Status(StatusCode::kCancelled, "the lease is over");
  }
  const std::lock_guard lock(mutex_);
  return std::ranges::find(cancelled_, id) == cancelled_.end()
             ? Gone()
             : Status(StatusCode::kCancelled, "the request was taken back");
}

Status RequestTable::Extend(uint64_t id, Duration by) {
  Request* request = table_.Find(id);
  if (request == nullptr) {
    return Gone();
  }
  const bool is_held = IsHeld(*request);
  if (is_held && request->is_taken()) {
    const SteadyTime until = Deadline::After(clock_.Now(), by).at();
    request->set_reply_by(std::max(request->reply_by(), until));
  }
  request->Release();
  return is_held ? OkStatus() : Gone();
}

}  // namespace mecha
