// SPDX-License-Identifier: Apache-2.0
// Counters: how often each operation of one component ran, failed, how long and how many bytes. The
// one place that measures; describe and metrics_read show it. Safe from any thread, never locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "call/clock.h"

namespace mecha {

enum class Verb : uint8_t {
  kGet,
  kGetMany,
  kSet,
  kDelete,
  kApply,
  kList,
  kQuery,
  kSecretGet,
  kSecretList,
  kPublish,
  kPublishMany,
  kServe,
  kServeStop,
  kResource,
  kPing,
  kCount
};

std::string_view NameOf(Verb verb);

// What one finished operation says of itself.
struct Observation {
  Verb verb = Verb::kGet;
  bool is_failure = false;
  uint32_t retries = 0;
  Duration elapsed{0};
  size_t bytes = 0;
};

class Counters {
 public:
  struct Snapshot {
    uint64_t calls = 0;
    uint64_t failures = 0;
    uint64_t retries = 0;
    uint64_t nanoseconds = 0;
    uint64_t bytes = 0;
  };

  void Observe(const Observation& observation);
  Snapshot Read(Verb verb) const;

 private:
  struct Row {
    std::atomic<uint64_t> calls{0};
    std::atomic<uint64_t> failures{0};
    std::atomic<uint64_t> retries{0};
    std::atomic<uint64_t> nanoseconds{0};
    std::atomic<uint64_t> bytes{0};
  };

  std::array<Row, static_cast<size_t>(Verb::kCount)> rows_;
};

}  // namespace mecha
