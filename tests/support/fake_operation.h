// SPDX-License-Identifier: Apache-2.0
// FakeOperation: an operation whose tries do what a test says, on a real host, with an owner that
// counts ends. World keeps all of it together. For tests of src/operation.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "async/runtime_host.h"
#include "operation/operation.h"
#include "result/status.h"
#include "support/moment.h"

namespace mecha::test {

class FakeOperation final : public Operation {
 public:
  // Does one try and calls `end` once, now or later, on any thread.
  using End = std::function<void(Status)>;
  using Script = std::function<void(FakeOperation& operation, const End& end)>;

  FakeOperation(const Target& target, const CallOptions& options, Script script,
                std::atomic<int>& alive)
      : Operation(Verb::kSet, target, options), script_(std::move(script)), alive_(alive) {
    alive_.fetch_add(1);
  }
  ~FakeOperation() override { alive_.fetch_sub(1); }

  const CallContext& call() const { return context(); }
  int attempts() const { return attempts_.load(); }
  int finishes() const { return finishes_.load(); }

 protected:
  void Attempt() override {
    attempts_.fetch_add(1);
    script_(*this, [this](Status status) { AttemptDone(std::move(status)); });
  }
  std::unique_ptr<Error> MakeError(const Status& status) override {
    return std::make_unique<Error>(Error::From(status));
  }
  void Finish(const Status&) override { finishes_.fetch_add(1); }

 private:
  const Script script_;
  std::atomic<int>& alive_;
  std::atomic<int> attempts_{0};
  std::atomic<int> finishes_{0};
};

// Keeps what is delivered, with its reference, until the test takes it or the sink goes.
class FakeSink final : public CompletionSink {
 public:
  ~FakeSink() override {
    if (delivered_ != nullptr) {
      delivered_->Release();
    }
  }
  void Deliver(Result* result) override {
    delivered_ = result;
    came_.Come();
  }
  // The result, to be released by the caller; null when none came within a minute.
  Result* Await() { return came_.Await() ? std::exchange(delivered_, nullptr) : nullptr; }
  int count() { return came_.count(); }

 private:
  Result* delivered_ = nullptr;
  Moment came_;
};

class World final : public OperationOwner {
 public:
  explicit World(const HostOptions& host_options = {})
      : host(std::make_shared<RuntimeHost>(host_options)), sink(std::make_shared<FakeSink>()) {}
  ~World() override {
    host->pool().Finish();
    host->loop().Finish();
  }

  void OnOperationEnd(Operation&) override { ends.fetch_add(1); }

  Target MakeTarget(Execution execution = Execution::kQuick) {
    return {.host = host.get(), .owner = this, .counters = &counters, .execution = execution};
  }
  FakeOperation* Make(FakeOperation::Script script, Execution execution = Execution::kQuick) {
    options.started = host->clock().Now();
    return new FakeOperation(MakeTarget(execution), options, std::move(script), alive);
  }
  // With `sink` as its queue.
  FakeOperation* MakeQueued(FakeOperation::Script script, Execution execution = Execution::kQuick) {
    options.sink = sink;
    return Make(std::move(script), execution);
  }
  void RetryUpTo(int32_t limit, Duration interval = std::chrono::microseconds(100)) {
    options.retry = RetryPolicy{.interval = interval, .limit = limit};
  }

  std::shared_ptr<RuntimeHost> host;
  std::shared_ptr<FakeSink> sink;
  CallOptions options;
  Counters counters;
  std::atomic<int> ends{0};
  std::atomic<int> alive{0};
};

}  // namespace mecha::test
