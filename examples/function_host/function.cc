// SPDX-License-Identifier: Apache-2.0
#include "function.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace function_host {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Kept of an invocation's time for answering it.
constexpr milliseconds kReserve{50};
// How long an invocation may be delivered again.
constexpr std::chrono::hours kRemembered{24};
constexpr std::size_t kLongestName = 200;
constexpr std::int64_t kLargestAmount = 1'000'000'000;

std::chrono::nanoseconds TimeLeft(const Invocation& invocation) {
  return invocation.deadline - std::chrono::system_clock::now() - kReserve;
}

Failure TimeIsUp() { return {"Function.DeadlinePassed", "the invocation's deadline has passed"}; }

// Calls end with the invocation's time. They may run twice: what they write is conditional, and
// the event has an id.
mecha::CallOptions CallFor(const Invocation& invocation) {
  mecha::CallOptions call;
  call.timeout = std::max(std::chrono::nanoseconds(1), TimeLeft(invocation));
  call.traceparent = invocation.traceparent;
  return call;
}

Failure FailureOf(const mecha::Error& error) {
  if (error.status() == mecha::Status::kDeadlineExceeded) {
    return {"Function.DeadlinePassed", std::string(error.message())};
  }
  return {"Function.CallFailed", std::string(error.message())};
}

json ReadJson(std::string_view text) { return json::parse(text, nullptr, false); }

// An integer in its limits, or what it is when it is not there.
bool ReadInteger(const json& object, const char* name, std::int64_t most, std::int64_t& number) {
  const auto found = object.find(name);
  if (found == object.end()) return true;
  if (!found->is_number_integer()) return false;
  number = found->get<std::int64_t>();
  return number >= 0 && number <= most;
}

}  // namespace

std::optional<CountRequest> ParseRequest(const std::string& payload, Failure& failure) {
  const json object = ReadJson(payload);
  const json name = object.is_object() ? object.value("customer", json()) : json();
  CountRequest request;
  std::int64_t linger = 0;
  std::int64_t work = 0;
  if (!name.is_string() || name.get_ref<const std::string&>().empty() ||
      name.get_ref<const std::string&>().size() > kLongestName) {
    failure = {"Function.BadPayload", "the payload is not {\"customer\": \"a name\", ...}"};
  } else if (!ReadInteger(object, "amount", kLargestAmount, request.amount)) {
    failure = {"Function.BadPayload", "\"amount\" is not a whole number from 0 to 1000000000"};
  } else if (!ReadInteger(object, "linger_ms", 900'000, linger) ||
             !ReadInteger(object, "work_ms", 900'000, work)) {
    failure = {"Function.BadPayload", "\"linger_ms\" or \"work_ms\" is not a time up to 900000"};
  } else {
    request.customer = name.get<std::string>();
    request.linger = milliseconds(linger);
    request.work = milliseconds(work);
    return request;
  }
  return std::nullopt;
}

Outcome Function::Handle(const Invocation& invocation) {
  if (TimeLeft(invocation).count() <= 0) return TimeIsUp();
  Failure failure;
  const std::optional<CountRequest> request = ParseRequest(invocation.payload, failure);
  if (!request) return failure;
  return Count(invocation, *request);
}

Outcome Function::Count(const Invocation& invocation, const CountRequest& request) {
  Tally tally;
  Failure failure;
  if (!Add(invocation, request, tally, failure)) return failure;
  // Also when it was counted before: the one who counted may have ended before it published. The
  // event has the invocation's id, so that it is the same event.
  if (!Publish(invocation, request, tally, failure)) return failure;
  if (request.linger.count() > 0) {
    const auto most = std::max(std::chrono::nanoseconds(0), TimeLeft(invocation));
    stop_.Sleep(std::min<std::chrono::nanoseconds>(request.linger, most));
  }
  return json{{"customer", request.customer},
              {"count", tally.count},
              {"amount", tally.amount},
              {"repeated", tally.is_repeated}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

bool Function::Add(const Invocation& invocation, const CountRequest& request, Tally& tally,
                   Failure& failure) {
  while (true) {
    switch (AddOnce(invocation, request, tally, failure)) {
      case Try::kDone:
        return true;
      case Try::kFailed:
        return false;
      case Try::kLostRace:
        if (TimeLeft(invocation).count() > 0) continue;
        failure = TimeIsUp();
        return false;
    }
  }
}

// The count and the mark of the invocation are written together or not at all, and only over what
// was read.
Function::Try Function::AddOnce(const Invocation& invocation, const CountRequest& request,
                                Tally& tally, Failure& failure) {
  const std::string customer = "customer/" + request.customer;
  const std::string mark = "invocation/" + invocation.id;
  const mecha::CallOptions call = CallFor(invocation);
  const mecha::Result<mecha::Values> read = store_.GetMany({mark, customer}, {}, call);
  if (!read.ok()) {
    failure = FailureOf(read.error());
    return Try::kFailed;
  }
  for (std::size_t i = 0; i < read->size(); ++i) {
    const mecha::Item item = (*read)[i];
    if (item.status == mecha::Status::kNotFound) continue;
    const json stored = item.status == mecha::Status::kOk ? ReadJson(item.value) : json();
    if (!stored.is_object()) {
      failure = {"Function.CallFailed", "cannot use what is stored for " + request.customer + ": " +
                                            std::string(read->Message(i))};
      return Try::kFailed;
    }
    tally.count = stored.value("count", std::int64_t{0});
    tally.amount = stored.value("amount", std::int64_t{0});
    tally.is_repeated = i == 0;
    if (tally.is_repeated) return Try::kDone;
  }
  tally.count += 1;
  tally.amount += request.amount;
  const std::string value = json{{"count", tally.count}, {"amount", tally.amount}}.dump();
  mecha::SetOptions set;
  set.content_type = mecha::kJson;
  set.is_first_write = true;
  mecha::SetOptions remember = set;  // only while it is absent
  remember.ttl = kRemembered;
  set.etag = (*read)[1].etag;  // only over what was read; without one: while absent
  const mecha::Result<mecha::Outcomes> written = store_.Apply(
      {mecha::Write::Set(mark, value, remember), mecha::Write::Set(customer, value, set)}, {},
      call);
  if (written.ok()) return Try::kDone;
  // Whoever was faster, or a write of which only the answer was lost: read again.
  tally = {};
  const bool may_try_again =
      written.error().status() == mecha::Status::kAborted || written.error().maybe_applied();
  failure = FailureOf(written.error());
  return may_try_again ? Try::kLostRace : Try::kFailed;
}

bool Function::Publish(const Invocation& invocation, const CountRequest& request,
                       const Tally& tally, Failure& failure) {
  const std::string data = json{
      {"customer", request.customer},
      {"count", tally.count},
      {"work_ms",
       request.work.count()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  mecha::Message message = mecha::Message::Json(data);
  message.id = invocation.id;
  message.key = request.customer;
  mecha::CallOptions call = CallFor(invocation);
  call.is_idempotent = true;
  const mecha::Result<mecha::Published> published = broker_.Publish(kTopic, message, call);
  if (published.ok()) return true;
  failure = FailureOf(published.error());
  return false;
}

}  // namespace function_host
