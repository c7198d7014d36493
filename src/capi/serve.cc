// SPDX-License-Identifier: Apache-2.0
#include "mecha/serve.h"

#include <vector>

#include "capi/convert.h"
#include "capi/submit.h"
#include "inbound/request.h"
#include "result/status.h"
#include "result/status_or.h"
#include "runtime/serving.h"

namespace mecha::capi {
namespace {

constexpr uint32_t kDefaultCredit = 64;
constexpr uint32_t kDefaultBatch = 100;
constexpr Duration kDefaultBatchWait = std::chrono::seconds(1);
constexpr Duration kDefaultReplyTimeout = std::chrono::seconds(60);

Status CheckKind(uint32_t kind) {
  if (kind == MECHA_SERVE_TOPIC || kind == MECHA_SERVE_ROUTE) {
    return OkStatus();
  }
  if (kind >= MECHA_SERVE_BINDING && kind <= MECHA_SERVE_ACTOR) {
    return Unimplemented("this version serves topics and routes; the kind is reserved");
  }
  return InvalidArgument("kind is neither MECHA_SERVE_TOPIC nor MECHA_SERVE_ROUTE");
}

StatusOr<RegistrationOptions> ToOptions(const mecha_serve_options& from) {
  RETURN_IF_ERROR(CheckKind(from.kind));
  if ((from.flags & ~(MECHA_SERVE_BATCH | MECHA_SERVE_PAUSED)) != 0) {
    return InvalidArgument(
        "flags has an unknown or reserved flag; known: MECHA_SERVE_BATCH, MECHA_SERVE_PAUSED");
  }
  if (from.ordering > MECHA_ORDER_SERIAL) {
    return InvalidArgument("ordering is none of MECHA_ORDER_NONE, _PER_KEY and _SERIAL");
  }
  if (from.reply_timeout_ns < 0) {
    return InvalidArgument("reply_timeout_ns is negative; 0 is the default of 60 s");
  }
  RegistrationOptions options;
  options.kind = from.kind;
  options.token = from.token;
  options.credit = from.credit == 0 ? kDefaultCredit : from.credit;
  if ((from.flags & MECHA_SERVE_PAUSED) != 0) {
    options.credit = 0;
  }
  options.ordering = static_cast<Ordering>(from.ordering);
  if ((from.flags & MECHA_SERVE_BATCH) != 0) {
    options.is_batch = true;
    options.batch_max = from.batch_max == 0 ? kDefaultBatch : from.batch_max;
    options.batch_wait = from.batch_wait_ns == 0
                             ? kDefaultBatchWait
                             : std::max(Duration(from.batch_wait_ns), Duration{0});
  }
  options.reply_timeout =
      from.reply_timeout_ns == 0 ? kDefaultReplyTimeout : Duration(from.reply_timeout_ns);
  return options;
}

Status CheckViews(const mecha_serve_options& from) {
  bool is_well_formed = IsWellFormed(from.component) && IsWellFormed(from.spec) &&
                        (from.names != nullptr || from.name_count == 0) &&
                        (from.settings != nullptr || from.setting_count == 0);
  for (size_t i = 0; is_well_formed && i < from.name_count; ++i) {
    is_well_formed = IsWellFormed(from.names[i]);
  }
  for (size_t i = 0; is_well_formed && i < from.setting_count; ++i) {
    is_well_formed = IsWellFormed(from.settings[i].key) && IsWellFormed(from.settings[i].value);
  }
  return is_well_formed
             ? OkStatus()
             : InvalidArgument("mecha_serve_options has a NULL pointer with a size that is not 0");
}

StatusOr<ServeRequest> ToRequest(Runtime& runtime, const mecha_serve_options* given,
                                 mecha_queue* queue) {
  mecha_serve_options known;
  RETURN_IF_ERROR(ReadStruct(given, &known));
  if (queue == nullptr || given == nullptr) {
    return InvalidArgument("a queue for the requests and options that name them are needed");
  }
  if (queue->host.get() != &runtime.host()) {
    return InvalidArgument("the queue belongs to another runtime");
  }
  RETURN_IF_ERROR(CheckViews(known));
  ServeRequest request;
  ASSIGN_OR_RETURN(request.options, ToOptions(known));
  request.is_topic = known.kind == MECHA_SERVE_TOPIC;
  request.component = ToText(known.component);
  for (size_t i = 0; i < known.name_count; ++i) {
    request.names.push_back(ToText(known.names[i]));
  }
  if (known.setting_count != 0) {
    request.settings = ToPairs(known.settings, known.setting_count);
  }
  request.spec = ToText(known.spec);
  request.queue = queue->queue;
  return request;
}

StatusOr<Answer> ToAnswer(uint32_t verdict, int64_t retry_after_ns) {
  if (verdict > MECHA_VERDICT_ERROR) {
    return InvalidArgument("verdict is none of MECHA_VERDICT_OK, _RETRY, _DROP and _ERROR");
  }
  Answer answer;
  answer.retry_after = std::max(Duration(retry_after_ns), Duration{0});
  switch (verdict) {
    case MECHA_VERDICT_OK:
      answer.kind = Answer::Kind::kOk;
      break;
    case MECHA_VERDICT_DROP:
      answer.kind = Answer::Kind::kDrop;
      break;
    default:
      answer.kind = Answer::Kind::kRetry;
  }
  return answer;
}

Status Reply(Runtime& runtime, mecha_request id, const mecha_reply* given) {
  mecha_reply known;
  RETURN_IF_ERROR(ReadStruct(given, &known));
  if (known.entries == nullptr && known.entry_count != 0) {
    return InvalidArgument("mecha_reply.entries is NULL but entry_count is not 0");
  }
  HostReply reply;
  ASSIGN_OR_RETURN(reply.whole, ToAnswer(known.verdict, known.retry_after_ns));
  std::vector<HostReply::Entry> entries;
  for (size_t i = 0; i < known.entry_count; ++i) {
    const mecha_entry_verdict& entry = known.entries[i];
    ASSIGN_OR_RETURN(const Answer answer, ToAnswer(entry.verdict, entry.retry_after_ns));
    entries.push_back({entry.index, answer});
  }
  reply.has_entries = known.entries != nullptr;
  reply.entries = entries;
  return runtime.serving().requests().Reply(id, reply);
}

uint32_t FlagsOf(const Request& request, const Offered& message) {
  uint32_t flags = message.attempt > 1 ? MECHA_REQUEST_REDELIVERED : 0;
  flags |= message.is_last_attempt ? MECHA_REQUEST_LAST_ATTEMPT : 0;
  flags |= request.is_batch() ? MECHA_REQUEST_BATCH : 0;
  return flags | (message->event == nullptr ? MECHA_REQUEST_RAW : 0);
}

mecha_request_info ToInfo(const Request& request, size_t index) {
  const Offered& message = request.messages()[index];
  const MessageSource::Names& names = message->source->names();
  mecha_request_info info{};
  info.kind = request.registration()->options().kind;
  info.flags = FlagsOf(request, message);
  info.attempt = message.attempt;
  info.remaining_ns = request.remaining().count();
  info.lease_ns = message->source->lease().count();
  if (message->delivery.enqueued.has_value()) {
    info.enqueued_unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                message->delivery.enqueued->time_since_epoch())
                                .count();
  }
  info.component = ToView(names.component);
  info.topic = ToView(names.topic);
  info.path = ToView(message->path);
  info.message_id = ToView(message->id());
  info.ordering_key = ToView(message->delivery.key);
  info.content_type = ToView(message->content_type());
  if (message->event != nullptr) {
    info.traceparent = ToView(message->event->traceparent);
    info.tracestate = ToView(message->event->tracestate);
  }
  if (!names.subscription.empty()) {
    info.subscription = ToView(names.subscription);
  }
  return info;
}

const Request* ToRequest(const mecha_result* result) {
  const Result* read = result == nullptr ? nullptr : FromHandle(result);
  return read == nullptr || read->kind() != Result::Kind::kRequest
             ? nullptr
             : static_cast<const Request*>(read);
}

mecha_status CheckRegistration(const mecha_registration* registration) {
  if (registration == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  return registration->host->fork_guard().IsInChild() ? MECHA_FORKED : MECHA_OK;
}

// A plain function of a request: no operation, no result.
template <class Body>
mecha_status OnRequest(mecha_runtime* rt, Body body) {
  const mecha_status usable = CheckHandle(rt);
  return usable != MECHA_OK ? usable : Guard([&] { return ToStatus(body(*rt->runtime)); });
}

}  // namespace
}  // namespace mecha::capi

using mecha::CallOptions;
using mecha::InvalidArgument;
using mecha::Prepared;
using mecha::Runtime;
using mecha::Status;
using mecha::StatusOr;
using mecha::capi::CheckRegistration;
using mecha::capi::OnRequest;
using mecha::capi::Refuse;
using mecha::capi::Submit;

extern "C" {

mecha_status mecha_serve(mecha_runtime* rt, const mecha_call* call, mecha_queue* queue,
                         const mecha_serve_options* options, mecha_registration** out,
                         mecha_result** result) {
  if (out == nullptr) {
    return Refuse(rt, InvalidArgument("out is NULL; the registration has nowhere to go"), result);
  }
  *out = nullptr;
  const mecha_status status = Submit(
      rt, call, result, {}, [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
        ASSIGN_OR_RETURN(const auto request, mecha::capi::ToRequest(runtime, options, queue));
        ASSIGN_OR_RETURN(auto begun, runtime.serving().Serve(runtime.own_target(), how, request));
        *out = new mecha_registration{std::move(begun.registration), runtime.shared_host(),
                                      runtime.serving().registrations(),
                                      runtime.serving().subscriptions()};
        return begun.prepared;
      });
  if (status != MECHA_OK && status != MECHA_PENDING) {
    delete *out;
    *out = nullptr;
  }
  return status;
}

mecha_status mecha_serve_credit(mecha_registration* registration, uint32_t credit) {
  const mecha_status usable = CheckRegistration(registration);
  if (usable != MECHA_OK) {
    return usable;
  }
  return mecha::capi::Guard([&]() -> mecha_status {
    if (registration->registration->is_stopped()) {
      return MECHA_CLOSED;
    }
    registration->registration->SetCredit(credit);
    return MECHA_OK;
  });
}

mecha_status mecha_serve_stop(mecha_runtime* rt, const mecha_call* call,
                              mecha_registration* registration, mecha_result** out) {
  return Submit(
      rt, call, out, {}, [&](Runtime& runtime, const CallOptions& how) -> StatusOr<Prepared> {
        if (registration == nullptr || registration->host.get() != &runtime.host()) {
          return InvalidArgument("the registration is NULL or belongs to another runtime");
        }
        return runtime.serving().Stop(runtime.own_target(), how, registration->registration);
      });
}

void mecha_registration_free(mecha_registration* registration) {
  if (registration == nullptr || CheckRegistration(registration) == MECHA_FORKED) {
    return;
  }
  mecha::capi::Guard([&]() -> mecha_status {
    mecha::capi::EndRegistration(registration->registration, *registration->registrations,
                                 registration->subscriptions);
    delete registration;
    return MECHA_OK;
  });
}

mecha_status mecha_request_read(const mecha_result* request, size_t index,
                                mecha_request_info* info) {
  const mecha::Request* known = mecha::capi::ToRequest(request);
  if (known == nullptr || info == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  if (index >= known->messages().size()) {
    return MECHA_OUT_OF_RANGE;
  }
  const mecha_request_info read = mecha::capi::ToInfo(*known, index);
  return mecha::capi::WriteStruct(&read, sizeof read, info);
}

mecha_status mecha_request_metadata(const mecha_result* request, size_t index, size_t which,
                                    mecha_kv* entry) {
  const mecha::Request* known = mecha::capi::ToRequest(request);
  if (known == nullptr || entry == nullptr) {
    return MECHA_INVALID_ARGUMENT;
  }
  if (index >= known->messages().size()) {
    return MECHA_OUT_OF_RANGE;
  }
  return mecha::capi::Guard([&]() -> mecha_status {
    const auto headers = known->HeadersOf(index);
    if (which >= headers.size()) {
      return MECHA_OUT_OF_RANGE;
    }
    *entry = {mecha::capi::ToView(headers[which].first),
              mecha::capi::ToView(headers[which].second)};
    return MECHA_OK;
  });
}

mecha_status mecha_request_cancelled(mecha_runtime* rt, mecha_request id) {
  return OnRequest(rt, [&](Runtime& runtime) { return runtime.serving().requests().Check(id); });
}

mecha_status mecha_request_extend(mecha_runtime* rt, mecha_request id, int64_t by_ns) {
  return OnRequest(rt, [&](Runtime& runtime) {
    if (by_ns <= 0) {
      return InvalidArgument("by_ns is not above 0");
    }
    return runtime.serving().requests().Extend(id, mecha::Duration(by_ns));
  });
}

mecha_status mecha_request_reply(mecha_runtime* rt, mecha_request id, const mecha_reply* reply) {
  return OnRequest(rt, [&](Runtime& runtime) { return mecha::capi::Reply(runtime, id, reply); });
}

}  // extern "C"
