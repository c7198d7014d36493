// SPDX-License-Identifier: Apache-2.0
// Service: one component as the blocks see it: who it is, whether it is ready, its counters, and
// the words its failures are told in. It does not own the component.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "contract/component_info.h"
#include "operation/operation.h"
#include "result/status.h"
#include "telemetry/counters.h"

namespace mecha {

enum class Health : uint8_t { kPending, kReady, kBroken, kClosed };

std::string_view NameOf(Health health);

class Service {
 public:
  struct Identity {
    std::string name;
    std::string block;  // "state"
    std::string file;
    int line = 0;
  };

  // `info`, `host` and `owner` outlive it.
  Service(Identity identity, const ComponentInfo& info, Host& host, OperationOwner& owner);

  const Identity& identity() const { return identity_; }
  const ComponentInfo& info() const { return info_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  Host& host() { return host_; }

  Health health() const { return health_.load(std::memory_order_acquire); }
  // The last reason for not being ready; OK while ready. A copy that shares nothing, without marks.
  Status cause() const;
  void SetHealth(Health health, const Status& cause);
  // OK, or UNAVAILABLE: `state "orders" (state.redis): the component is broken: the last cause`.
  Status CheckReady() const { return health() == Health::kReady ? OkStatus() : NotReady(); }

  Target MakeTarget() {
    return {.host = &host_, .owner = &owner_, .counters = &counters_, .execution = info_.execution};
  }

  // `state "orders" (state.redis): get "k1": connection refused`, and the same as details.
  std::unique_ptr<Error> MakeError(Verb verb, std::string_view subject, const Status& status) const;

 private:
  std::string Name() const;  // state "orders" (state.redis)
  Status NotReady() const;

  const Identity identity_;
  const ComponentInfo& info_;
  Host& host_;
  OperationOwner& owner_;
  Counters counters_;
  std::atomic<Health> health_{Health::kPending};
  mutable std::mutex mutex_;
  Status cause_;
};

}  // namespace mecha
