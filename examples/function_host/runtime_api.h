// SPDX-License-Identifier: Apache-2.0
// RuntimeApi: the HTTP interface through which AWS Lambda, and what is compatible with it, gives a
// process invocations and takes the answers. It knows nothing of what the function does. For one
// thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "http_client.h"

namespace function_host {

struct Invocation {
  std::string id;
  std::string payload;
  std::chrono::system_clock::time_point deadline;
  std::string traceparent;  // W3C form; empty when there is none
};

struct Failure {
  std::string type;  // "Function.BadPayload"
  std::string message;
};

class RuntimeApi {
 public:
  RuntimeApi(std::string address, const StopSignal& stop) : client_(std::move(address), stop) {}

  // Waits, for ever, for the next invocation. None: `problem` tells why, for instance a signal.
  std::optional<Invocation> Next(std::string& problem);
  // False when the answer was not taken.
  bool Respond(const std::string& id, std::string_view body, std::string& problem);
  bool Fail(const std::string& id, const Failure& failure, std::string& problem);
  // The process cannot start; it is to end after this.
  bool FailStart(const Failure& failure, std::string& problem);

 private:
  bool PostFailure(const std::string& path, const Failure& failure, std::string& problem);
  bool Post(const HttpRequest& request, std::string& problem);

  HttpClient client_;
};

// "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1" in the form of W3C:
// "00-5bef4de7ad49b0e87f6ef6c87fc2e700-9a9197af755a6419-01". Empty when it is not like that.
std::string TraceparentOf(std::string_view trace_id);

}  // namespace function_host
