// SPDX-License-Identifier: Apache-2.0
#include "support/messages.h"

#include <array>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view kTopic = "orders";

void Check(mecha_status status, const char* what) {
  if (status != MECHA_OK) {
    Fail(std::string(what) + ": status " + std::to_string(status));
  }
}

}  // namespace

Messages::Messages(MessagesOptions options) : options_(std::move(options)) {
  Open();
  if (!options_.is_publisher) {
    Serve();
  }
}

Messages::~Messages() {
  is_over_ = true;
  if (handler_.joinable()) {
    mecha_queue_wake(queue_);
    handler_.join();
  }
  mecha_registration_free(registration_);
  mecha_queue_free(queue_);
  mecha_runtime_free(runtime_);
}

void Messages::Open() {
  const std::string document =
      "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: messages}\nspec:\n" +
      options_.spec;
  const mecha_view text = ViewOf(document);
  mecha_runtime_options options{};
  options.struct_size = sizeof options;
  options.api_version = MECHA_API_VERSION;
  options.app_id = ViewOf("app");
  options.resource_texts = &text;
  options.resource_text_count = 1;
  options.flags = options_.is_loop_lent ? uint32_t{MECHA_OPEN_HOST_THREADS} : 0;
  mecha_error* error = nullptr;
  if (mecha_runtime_open(&options, &runtime_, &error) != MECHA_OK ||
      mecha_runtime_start(runtime_, &error) != MECHA_OK) {
    Fail(mecha_error_message(error));
  }
}

void Messages::Serve() {
  mecha_queue_options queue{};
  queue.struct_size = sizeof queue;
  queue.deliver = options_.is_callback ? &Messages::Deliver : nullptr;
  queue.user = this;
  Check(mecha_queue_open(runtime_, &queue, &queue_), "mecha_queue_open");
  const mecha_view topic = ViewOf(kTopic);
  const mecha_kv raw{ViewOf("rawPayload"), ViewOf("true")};
  mecha_serve_options serve{};
  serve.struct_size = sizeof serve;
  serve.kind = MECHA_SERVE_TOPIC;
  serve.component = ViewOf("messages");
  serve.names = &topic;
  serve.name_count = 1;
  serve.credit = options_.credit;
  serve.flags = options_.is_batch ? uint32_t{MECHA_SERVE_BATCH} : 0;
  serve.batch_wait_ns = -1;
  serve.settings = &raw;
  serve.setting_count = options_.is_raw_subscription ? 1 : 0;
  mecha_result* result = nullptr;
  if (mecha_serve(runtime_, nullptr, queue_, &serve, &registration_, &result) != MECHA_OK) {
    Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
  }
  mecha_result_release(result);
}

void Messages::Publish(std::string_view data, size_t count) {
  mecha_message message{};
  message.data = {data.data(), data.size(), nullptr, nullptr};
  message.content_type = ViewOf(options_.content_type);
  message.flags = options_.is_raw_publish ? uint32_t{MECHA_MESSAGE_RAW} : 0;
  batch_.assign(count, message);
  published_ += count;
  mecha_result* result = nullptr;
  if (mecha_publish(runtime_, nullptr, ViewOf("messages"), ViewOf(kTopic), batch_.data(), count,
                    nullptr, &result) != MECHA_OK) {
    Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
  }
  mecha_result_release(result);
}

void Messages::Submit(std::string_view data) {
  mecha_message message{};
  message.data = {data.data(), data.size(), nullptr, nullptr};
  message.content_type = ViewOf(options_.content_type);
  message.flags = options_.is_raw_publish ? uint32_t{MECHA_MESSAGE_RAW} : 0;
  mecha_call call{};
  call.struct_size = sizeof call;
  call.queue = queue_;
  call.flags = MECHA_CALL_BORROW;
  ++published_;
  if (mecha_publish(runtime_, &call, ViewOf("messages"), ViewOf(kTopic), &message, 1, nullptr,
                    nullptr) != MECHA_PENDING) {
    Fail("mecha_publish was refused");
  }
}

void Messages::Handle(int64_t timeout_ns) {
  if (options_.is_loop_lent) {
    mecha_runtime_run(runtime_, timeout_ns);
    return;
  }
  std::array<mecha_event, 256> events;
  const int32_t count = mecha_queue_wait(queue_, events.data(), events.size(), timeout_ns);
  for (int32_t i = 0; i < count; ++i) {
    Take(events[static_cast<size_t>(i)]);
  }
}

void Messages::HandleElsewhere() {
  handler_ = std::thread([this] {
    while (!is_over_) {
      Handle();
    }
  });
}

void Messages::Deliver(void* self, const mecha_event* events, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    static_cast<Messages*>(self)->Take(events[i]);
  }
}

void Messages::Take(const mecha_event& event) {
  if (event.kind != MECHA_EVENT_REQUEST) {
    if (event.status != MECHA_OK) {
      Fail("a publish failed");
    }
    mecha_result_release(event.result);
    return;
  }
  size_t count = 0;
  mecha_item item{};
  item.struct_size = sizeof item;
  while ((count == 0 || options_.is_batch) &&
         mecha_result_item(event.result, count, &item) == MECHA_OK) {
    ++count;
    if (options_.look) {
      options_.look({static_cast<const char*>(item.value.data), item.value.size});
    }
  }
  mecha_result_release(event.result);
  Check(mecha_request_reply(runtime_, event.id, nullptr), "mecha_request_reply");
  if (handled_.fetch_add(count) + count >= awaited_.load()) {
    wakes_.fetch_add(1);
    wakes_.notify_one();
  }
}

void Messages::AwaitOpen(size_t most) {
  if (open() <= most) {
    return;
  }
  awaited_ = published_ - most;
  for (uint32_t seen = wakes_.load(); open() > most; seen = wakes_.load()) {
    wakes_.wait(seen);
  }
  awaited_ = SIZE_MAX;
}

}  // namespace bench
