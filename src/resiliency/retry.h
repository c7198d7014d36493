// SPDX-License-Identifier: Apache-2.0
// RetryPolicy and the one place that decides whether a failure may be tried again. Code decides,
// never the message.
#pragma once

#include <cstdint>

#include "call/clock.h"
#include "result/status.h"

namespace mecha {

enum class Retryability : uint8_t { kNo, kSafe, kOnlyIfIdempotent };

// What trying the same operation again would mean after `status`.
Retryability RetryabilityOf(const Status& status);

struct RetryPolicy {
  enum class Pattern : uint8_t { kConstant, kLinear, kExponential };
  Pattern pattern = Pattern::kConstant;
  Duration interval = std::chrono::milliseconds(100);
  Duration most_interval = std::chrono::seconds(10);
  int32_t limit = 0;  // tries after the first one; negative: until the deadline

  bool Allows(int32_t retries_made) const { return limit < 0 || retries_made < limit; }
  // The pause before retry number `retry` (1 is the first). `random` is any 64 random bits; only
  // the exponential pattern uses it, to spread callers by up to half.
  Duration PauseBefore(int32_t retry, uint64_t random) const;
};

}  // namespace mecha
