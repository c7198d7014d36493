// SPDX-License-Identifier: Apache-2.0
// Function: what an invocation does. It adds to a customer's count in a store, once per invocation
// however often that is delivered, and publishes an event about it. Which store and which broker
// stands in YAML. It keeps nothing itself. For one thread.
#pragma once

#include <mecha/mecha.hpp>
#include <optional>
#include <string>
#include <variant>

#include "runtime_api.h"
#include "stop_signal.h"

namespace function_host {

inline constexpr char kStore[] = "counts";
inline constexpr char kBroker[] = "events";
inline constexpr char kTopic[] = "counted";

// What the payload asks for: {"customer": "ann", "amount": 3}.
struct CountRequest {
  std::string customer;
  std::int64_t amount = 1;
  std::chrono::milliseconds linger{0};  // "linger_ms": stay awake so long after it, for messages
  std::chrono::milliseconds work{0};    // "work_ms": how long the handler of the event works
};

// A JSON document for the caller, or what went wrong.
using Outcome = std::variant<std::string, Failure>;

class Function {
 public:
  Function(const mecha::Runtime& runtime, const StopSignal& stop)
      : store_(runtime.state(kStore)), broker_(runtime.pubsub(kBroker)), stop_(stop) {}

  Outcome Handle(const Invocation& invocation);

 private:
  struct Tally {
    std::int64_t count = 0;
    std::int64_t amount = 0;
    bool is_repeated = false;  // the invocation was counted before
  };

  Outcome Count(const Invocation& invocation, const CountRequest& request);
  bool Add(const Invocation& invocation, const CountRequest& request, Tally& tally,
           Failure& failure);
  enum class Try { kDone, kLostRace, kFailed };
  Try AddOnce(const Invocation& invocation, const CountRequest& request, Tally& tally,
              Failure& failure);
  bool Publish(const Invocation& invocation, const CountRequest& request, const Tally& tally,
               Failure& failure);

  mecha::State store_;
  mecha::PubSub broker_;
  const StopSignal& stop_;
};

// Nothing when the payload is wrong: `failure` tells how.
std::optional<CountRequest> ParseRequest(const std::string& payload, Failure& failure);

}  // namespace function_host
