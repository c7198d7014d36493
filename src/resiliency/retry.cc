// SPDX-License-Identifier: Apache-2.0
#include "resiliency/retry.h"

#include <algorithm>

#include "result/status.h"

namespace mecha {
namespace {

bool CanPassByItself(const Status& status) {
  return IsUnavailable(status) || IsDeadlineExceeded(status) || IsResourceExhausted(status) ||
         HasCode(status, StatusCode::kBusy) || HasCode(status, StatusCode::kSuspended) ||
         HasCode(status, StatusCode::kOutcomeUnknown);
}

}  // namespace

Retryability RetryabilityOf(const Status& status) {
  if (status.applied() != Applied::kNo) {
    return Retryability::kOnlyIfIdempotent;
  }
  return CanPassByItself(status) ? Retryability::kSafe : Retryability::kNo;
}

Duration RetryPolicy::PauseBefore(int32_t retry, uint64_t random) const {
  constexpr int32_t kMostDoublings = 30;
  const int32_t factor_exponent = std::clamp(retry - 1, 0, kMostDoublings);
  switch (pattern) {
    case Pattern::kConstant:
      return std::min(interval, most_interval);
    case Pattern::kLinear:
      return interval.count() > most_interval.count() / retry ? most_interval : interval * retry;
    case Pattern::kExponential:
      break;
  }
  const int64_t factor = int64_t{1} << factor_exponent;
  const Duration grown =
      interval.count() > most_interval.count() / factor ? most_interval : interval * factor;
  constexpr uint64_t kSteps = 1024;
  return grown - grown / (2 * kSteps) * static_cast<int64_t>(random % kSteps);
}

}  // namespace mecha
