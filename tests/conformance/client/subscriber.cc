// SPDX-License-Identifier: Apache-2.0
#include "conformance/client/subscriber.h"

#include <array>

#include "support/catch.h"

namespace conformance {
namespace {

Entry EntryOf(const mecha_result* result, size_t index) {
  mecha_request_info info{};
  info.struct_size = sizeof info;
  mecha_item item{};
  item.struct_size = sizeof item;
  Entry entry;
  if (mecha_request_read(result, index, &info) != MECHA_OK ||
      mecha_result_item(result, index, &item) != MECHA_OK) {
    return entry;
  }
  entry.flags = info.flags;
  entry.attempt = info.attempt;
  entry.remaining_ns = info.remaining_ns;
  entry.lease_ns = info.lease_ns;
  entry.enqueued_unix_ms = info.enqueued_unix_ms;
  entry.component = TextOf(info.component);
  entry.topic = TextOf(info.topic);
  entry.path = TextOf(info.path);
  entry.id = TextOf(info.message_id);
  entry.key = TextOf(info.ordering_key);
  entry.content_type = TextOf(info.content_type);
  entry.traceparent = TextOf(info.traceparent);
  entry.tracestate = TextOf(info.tracestate);
  entry.data = TextOf(item.value);
  entry.has_data = item.value.data != nullptr;
  entry.is_json = (item.flags & MECHA_ITEM_JSON) != 0;
  mecha_kv pair{};
  for (size_t which = 0; mecha_request_metadata(result, index, which, &pair) == MECHA_OK; ++which) {
    entry.metadata.emplace(TextOf(pair.key), TextOf(pair.value));
  }
  return entry;
}

}  // namespace

const Entry& Request::only() const {
  static const Entry none;
  return entries.empty() ? none : entries.front();
}

std::string Entry::Attribute(const std::string& name) const {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "(absent)" : found->second;
}

std::string Request::all() const {
  std::string text;
  for (const Entry& entry : entries) {
    text += (text.empty() ? "" : " ") + entry.data;
  }
  return text;
}

Answer Serve(mecha_runtime* runtime, const mecha_call* call, mecha_queue* queue,
             const ServeSetup& setup, mecha_registration** out) {
  std::vector<mecha_view> names;
  for (const std::string& topic : setup.topics) {
    names.push_back(ViewOf(topic));
  }
  const std::vector<mecha_kv> settings = KeyValues(setup.settings);
  mecha_serve_options options{};
  options.struct_size = sizeof options;
  options.kind = MECHA_SERVE_TOPIC;
  options.component = setup.spec.empty() ? ViewOf(setup.component) : mecha_view{};
  options.names = names.data();
  options.name_count = names.size();
  options.token = 7;
  options.credit = setup.credit;
  options.flags = setup.flags;
  options.ordering = setup.ordering;
  options.batch_max = setup.batch_max;
  options.batch_wait_ns = setup.batch_wait_ns;
  options.reply_timeout_ns = setup.reply_timeout_ns;
  options.settings = settings.data();
  options.setting_count = settings.size();
  options.spec = OptionalView(setup.spec);
  mecha_result* result = nullptr;
  const mecha_status status = mecha_serve(runtime, call, queue, &options, out, &result);
  return TakeAnswer(status, result);
}

Subscriber::Subscriber(mecha_runtime* runtime, const ServeSetup& setup) : runtime_(runtime) {
  REQUIRE(mecha_queue_open(runtime, nullptr, &queue_) == MECHA_OK);
  const Answer answer = Serve(runtime, nullptr, queue_, setup, &registration_);
  INFO(Words(answer));
  REQUIRE(answer.ok());
  REQUIRE((registration_ != nullptr));
}

Subscriber::~Subscriber() {
  mecha_registration_free(registration_);
  mecha_queue_free(queue_);
}

Request Subscriber::RequestOf(const mecha_event& event) {
  Request request;
  request.id = event.id;
  request.token = event.token;
  mecha_result_info info{};
  info.struct_size = sizeof info;
  if (mecha_result_read(event.result, &info) == MECHA_OK) {
    for (size_t i = 0; i < info.count; ++i) {
      request.entries.push_back(EntryOf(event.result, i));
    }
  }
  mecha_result_release(event.result);
  return request;
}

std::vector<Request> Subscriber::Take(size_t count, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::vector<Request> taken;
  while (taken.size() < count) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      break;
    }
    mecha_event event{};
    const int32_t got = mecha_queue_wait(queue_, &event, 1, left.count());
    if (got < 0) {
      break;
    }
    if (got == 1 && event.kind == MECHA_EVENT_REQUEST) {
      taken.push_back(RequestOf(event));
    } else if (got == 1) {
      mecha_result_release(event.result);
    }
  }
  return taken;
}

std::vector<Request> Subscriber::TakeTogether(size_t most, std::chrono::milliseconds limit) const {
  std::vector<mecha_event> events(most);
  const int32_t got = mecha_queue_wait(queue_, events.data(), events.size(),
                                       std::chrono::nanoseconds(limit).count());
  std::vector<Request> taken;
  for (int32_t i = 0; i < got; ++i) {
    if (events[i].kind == MECHA_EVENT_REQUEST) {
      taken.push_back(RequestOf(events[i]));
    } else {
      mecha_result_release(events[i].result);
    }
  }
  return taken;
}

Request Subscriber::Next() {
  std::vector<Request> taken = Take(1);
  return taken.empty() ? Request() : std::move(taken.front());
}

std::string Subscriber::Handle(size_t count) {
  std::string text;
  while (count > 0) {
    const Request request = Next();
    if (request.id == 0) {
      return text + " (nothing more came)";
    }
    count -= std::min(count, request.entries.size());
    text += (text.empty() ? "" : " ") + request.all();
    if (const mecha_status status = Reply(request.id); status != MECHA_OK) {
      text += "(" + std::string(mecha_status_name(status)) + ")";
    }
  }
  return text;
}

mecha_status Subscriber::Reply(mecha_request id, uint32_t verdict, int64_t retry_after_ns) const {
  mecha_reply reply{};
  reply.struct_size = sizeof reply;
  reply.verdict = verdict;
  reply.retry_after_ns = retry_after_ns;
  return mecha_request_reply(runtime_, id, &reply);
}

mecha_status Subscriber::ReplyEach(mecha_request id,
                                   const std::vector<mecha_entry_verdict>& entries) const {
  mecha_reply reply{};
  reply.struct_size = sizeof reply;
  reply.entries = entries.data();
  reply.entry_count = entries.size();
  return mecha_request_reply(runtime_, id, &reply);
}

mecha_status Subscriber::IsCancelled(mecha_request id) const {
  return mecha_request_cancelled(runtime_, id);
}

mecha_status Subscriber::SetCredit(uint32_t credit) const {
  return mecha_serve_credit(registration_, credit);
}

Answer Subscriber::Stop(int64_t timeout_ns) {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = timeout_ns;
  mecha_result* result = nullptr;
  const mecha_status status = mecha_serve_stop(runtime_, &call, registration_, &result);
  return TakeAnswer(status, result);
}

}  // namespace conformance
