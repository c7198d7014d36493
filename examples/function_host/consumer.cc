// SPDX-License-Identifier: Apache-2.0
#include "consumer.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "function.h"

namespace function_host {
namespace {

// How often work looks whether it is still wanted.
constexpr std::chrono::milliseconds kStep{20};

}  // namespace

Consumer::Consumer(const mecha::Runtime& runtime)
    : runtime_(runtime), store_(runtime.state(kStore)) {}

bool Consumer::Start(const std::string& topic, std::string& problem) {
  mecha::Result<mecha::Queue> queue = mecha::Queue::Open(runtime_);
  if (!queue.ok()) {
    problem = queue.error().message();
    return false;
  }
  auto dispatcher = std::make_unique<mecha::Dispatcher>(runtime_, std::move(*queue));
  const mecha::Result<std::uint64_t> served =
      dispatcher->Serve(mecha::ServeOptions::Topics(kBroker, {topic}), [this](mecha::Request& r) {
        Handle(r);
        return mecha::Verdict::kRetry;  // of one that was not answered
      });
  if (!served.ok()) {
    problem = served.error().message();
    return false;
  }
  dispatcher->Start(1);
  dispatcher_ = std::move(dispatcher);
  return true;
}

void Consumer::Handle(mecha::Request& request) {
  const mecha::Verdict verdict = Work(request);
  if (request.Check() != mecha::Status::kOk) {
    ++given_up_;
  } else if (request.Reply(verdict) != mecha::Status::kOk) {
    ++late_;
  } else if (verdict == mecha::Verdict::kOk) {
    ++accepted_;
  }
}

mecha::Verdict Consumer::Work(const mecha::Request& request) {
  const nlohmann::json event = nlohmann::json::parse(request.body(), nullptr, false);
  if (!event.is_object()) return mecha::Verdict::kDrop;
  const std::chrono::milliseconds work(event.value("work_ms", 0));
  const auto end = std::chrono::steady_clock::now() + work;
  while (std::chrono::steady_clock::now() < end) {
    if (request.Check() != mecha::Status::kOk) return mecha::Verdict::kRetry;
    std::this_thread::sleep_for(kStep);
  }
  mecha::SetOptions once;
  once.is_first_write = true;
  once.content_type = mecha::kJson;
  const std::string key = "handled/" + std::string(request.info().message_id);
  const mecha::Result<mecha::Written> written =
      store_.Set(key, event.dump(), once, request.Within());
  if (written.ok()) return mecha::Verdict::kOk;
  const mecha::Error& error = written.error();
  // Handled before: only the acknowledgement was lost.
  if (error.status() == mecha::Status::kAborted && !error.maybe_applied()) {
    return mecha::Verdict::kOk;
  }
  std::fprintf(stderr, "function_host: %s: %s\n", key.c_str(),
               std::string(error.message()).c_str());
  return mecha::Verdict::kRetry;
}

}  // namespace function_host
