// SPDX-License-Identifier: Apache-2.0
#include "resiliency/retry.h"

#include "support/catch.h"

#include "result/status.h"

namespace mecha {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a failure that changed nothing is safe to try again") {
  CHECK(RetryabilityOf(Unavailable("down")) == Retryability::kSafe);
  CHECK(RetryabilityOf(Status(StatusCode::kBusy, "full")) == Retryability::kSafe);
}

TEST_CASE("an ambiguous failure is only for idempotent operations") {
  CHECK(RetryabilityOf(MarkApplied(Unavailable("lost"), Applied::kMaybe)) ==
        Retryability::kOnlyIfIdempotent);
  // Applied, but not as widely as asked for.
  CHECK(RetryabilityOf(MarkApplied(Unavailable("replicas"), Applied::kYes)) ==
        Retryability::kOnlyIfIdempotent);
}

TEST_CASE("a refusal is not tried again") {
  CHECK(RetryabilityOf(Aborted("etag")) == Retryability::kNo);
  CHECK(RetryabilityOf(InvalidArgument("bad")) == Retryability::kNo);
  CHECK(RetryabilityOf(Cancelled("enough")) == Retryability::kNo);
}

TEST_CASE("pauses grow by their pattern and never beyond the longest") {
  RetryPolicy policy{RetryPolicy::Pattern::kConstant, milliseconds(10), milliseconds(35), 3};
  CHECK(policy.PauseBefore(3, 0) == milliseconds(10));
  policy.pattern = RetryPolicy::Pattern::kLinear;
  CHECK(policy.PauseBefore(2, 0) == milliseconds(20));
  CHECK(policy.PauseBefore(9, 0) == milliseconds(35));
  policy.pattern = RetryPolicy::Pattern::kExponential;
  CHECK(policy.PauseBefore(2, 0) == milliseconds(20));
  CHECK(policy.PauseBefore(1000, 0) == milliseconds(35));
  CHECK(policy.PauseBefore(2, 1023) >= milliseconds(10));
  CHECK(policy.PauseBefore(2, 1023) < milliseconds(20));
}

TEST_CASE("a negative limit allows any number of tries") {
  CHECK(RetryPolicy{.limit = -1}.Allows(1'000'000));
  CHECK(RetryPolicy{.limit = 2}.Allows(1));
  CHECK_FALSE(RetryPolicy{.limit = 2}.Allows(2));
}

}  // namespace
}  // namespace mecha
