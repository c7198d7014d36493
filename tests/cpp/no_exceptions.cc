// SPDX-License-Identifier: Apache-2.0
// A host without exceptions and RTTI: uses the wrapper end to end and exits with 0.
#include <cstdio>
#include <mecha/dispatcher.hpp>
#include <mecha/mecha.hpp>

namespace {

constexpr const char kStore[] =
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\n"
    "spec: {type: state.in-memory, version: v1}\n";

constexpr const char kBroker[] =
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: messages}\n"
    "spec: {type: pubsub.in-memory, version: v1}\n";

int Fail(const char* what, std::string_view why) {
  std::printf("%s: %s\n", what, std::string(why).c_str());
  return 1;
}

int UseQueue(const mecha::Runtime& runtime, const mecha::State& orders) {
  auto queue = mecha::Queue::Open(runtime);
  if (!queue.ok()) return Fail("queue", queue.error().message());
  const mecha::Event submitted = orders.GetAsync(*queue, 7, "count");
  if (!submitted.pending()) return Fail("submit", mecha::NameOf(submitted.status()));
  auto event = queue->Next(std::chrono::seconds(10));
  if (!event.ok() || event->token() != 7) return Fail("event", "not the one submitted");
  const auto value = event->Take<mecha::Value>();
  return value.ok() && value->bytes() == "2" ? 0 : Fail("value", "not 2");
}

int UseDispatcher(const mecha::Runtime& runtime) {
  auto queue = mecha::Queue::Open(runtime);
  if (!queue.ok()) return Fail("queue", queue.error().message());
  mecha::Dispatcher dispatcher(runtime, std::move(queue).value());
  std::string body;
  const auto served = dispatcher.Serve(mecha::ServeOptions::Topics("messages", {"created"}),
                                       [&](mecha::Request& request) {
                                         body = request.body();
                                         dispatcher.Stop();
                                         return mecha::Verdict::kOk;
                                       });
  if (!served.ok()) return Fail("serve", served.error().message());
  const auto sent = runtime.pubsub("messages").Publish("created", mecha::Message::Of("hello"));
  if (!sent.ok()) return Fail("publish", sent.error().message());
  if (dispatcher.Run() != mecha::Status::kOk) return Fail("run", "");
  return body == "hello" ? 0 : Fail("body", body);
}

}  // namespace

int main() {
  mecha::RuntimeOptions options;
  options.app_id = "no-exceptions";
  options.resource_texts = {kStore, kBroker};
  auto runtime = mecha::Runtime::OpenAndStart(options);
  if (!runtime.ok()) return Fail("start", runtime.error().message());
  const mecha::State orders = runtime->state("orders");
  for (int i = 0; i < 2; ++i) {
    const auto written = orders.Update("count", [](std::optional<std::string_view> count) {
      return std::to_string(count ? count->front() - '0' + 1 : 1);
    });
    if (!written.ok()) return Fail("update", written.error().message());
  }
  const auto absent = runtime->state("nowhere").Get("count");
  if (absent.ok() || absent.status() != mecha::Status::kNotFound) return Fail("unknown store", "");
  if (UseQueue(*runtime, orders) != 0) return 1;
  return UseDispatcher(*runtime);
}
