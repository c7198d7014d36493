// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <mecha/dispatcher.hpp>
#include <mecha/mecha.hpp>

static int Fail(const mecha::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().data());
  return 1;
}

static int Exchange(const mecha::Runtime& runtime) {
  auto queue = mecha::Queue::Open(runtime);
  if (!queue.ok()) return Fail(queue.error());
  mecha::Dispatcher dispatcher(runtime, std::move(queue).value());
  auto served = dispatcher.Serve(mecha::ServeOptions::Topics("messages", {"orders"}),
                                 [&](mecha::Request& request) {
                                   std::string id(request.info().message_id);
                                   std::string body(request.body());
                                   std::printf("%s: %s\n", id.c_str(), body.c_str());
                                   dispatcher.Stop();
                                   return mecha::Verdict::kOk;
                                 });
  if (!served.ok()) return Fail(served.error());

  mecha::Message message = mecha::Message::Of("3 lamps");
  message.id = "order-1";
  auto published = runtime.pubsub("messages").Publish("orders", message);
  if (!published.ok()) return Fail(published.error());
  return dispatcher.Run() == mecha::Status::kOk ? 0 : 1;  // or Start(4): on four threads
}

int main() {
  mecha::RuntimeOptions options;
  options.app_id = "shop";
  options.resource_paths = {"resources"};
  auto runtime = mecha::Runtime::OpenAndStart(options);
  return runtime.ok() ? Exchange(*runtime) : Fail(runtime.error());
}
