// SPDX-License-Identifier: Apache-2.0
// Host: the life of the process: start, then over and over rest, wake, handle, answer, until a stop
// signal. What an invocation does is Function's. For the main thread.
#pragma once

#include <chrono>
#include <mecha/mecha.hpp>
#include <memory>
#include <optional>
#include <string>

#include "consumer.h"
#include "function.h"
#include "runtime_api.h"
#include "settings.h"
#include "stop_signal.h"

namespace function_host {

class Host {
 public:
  Host(const Settings& settings, const StopSignal& stop)
      : settings_(settings), stop_(stop), api_(settings.api_address, stop) {}

  // Opens and starts what the resources name, and tells the runtime API when that fails.
  bool Start();
  // Handles invocations until a stop signal, then ends in order. An exit code.
  int Run();
  // Brings the runtime to rest, as before a snapshot of the process.
  bool Rest();

 private:
  using Nanoseconds = std::chrono::nanoseconds;

  bool Wake(std::string& problem);
  bool StartConsumer(std::string& problem);
  Outcome Handle(const Invocation& invocation);
  Outcome Describe() const;
  void Answer(const Invocation& invocation, const Outcome& outcome);
  int Shutdown();

  const Settings& settings_;
  const StopSignal& stop_;
  RuntimeApi api_;
  std::optional<mecha::Runtime> runtime_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<Function> function_;
  bool is_resting_ = false;
  // How long the last of each took.
  Nanoseconds start_time_{0};
  Nanoseconds rest_time_{0};
  Nanoseconds wake_time_{0};
  // Of the first invocation that was counted.
  Nanoseconds first_time_{0};
  std::chrono::steady_clock::time_point first_at_{};
};

}  // namespace function_host
