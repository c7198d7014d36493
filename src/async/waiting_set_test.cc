// SPDX-License-Identifier: Apache-2.0
#include "async/waiting_set.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

bool TakesSignal(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof count) == sizeof count;
}

bool IsOpen(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0;
}

TEST_CASE("StopAll stops those in the set and no one who has left") {
  WaitingSet set;
  Waiter stays;
  Waiter left;
  const WaitingSet::Stay stay(set, stays, {.by_descriptor = true});
  { const WaitingSet::Stay short_stay(set, left, {.by_descriptor = true}); }
  set.StopAll(StopCause::kSuspended);
  CHECK(stays.stop_cause() == StopCause::kSuspended);
  CHECK(TakesSignal(stay.descriptor()));
  CHECK(left.stop_cause() == StopCause::kNone);
}

TEST_CASE("who enters between StopAll and Allow is stopped on entry") {
  WaitingSet set;
  Waiter early;
  Waiter late;
  set.StopAll(StopCause::kClosed);
  { const WaitingSet::Stay stay(set, early, {}); }
  CHECK(early.stop_cause() == StopCause::kClosed);
  set.Allow();
  { const WaitingSet::Stay stay(set, late, {}); }
  CHECK(late.stop_cause() == StopCause::kNone);
}

TEST_CASE("a wake descriptor is lent again, and closed only when nobody uses it") {
  WaitingSet set;
  Waiter first;
  Waiter second;
  std::optional<WaitingSet::Stay> stay;
  stay.emplace(set, first, WaitingSet::Woken{.by_descriptor = true});
  const int lent = stay->descriptor();
  REQUIRE(lent >= 0);
  set.CloseDescriptors();
  CHECK(IsOpen(lent));
  stay.reset();
  stay.emplace(set, second, WaitingSet::Woken{.by_descriptor = true});
  CHECK(stay->descriptor() == lent);
  stay.reset();
  set.CloseDescriptors();
  CHECK_FALSE(IsOpen(lent));
}

TEST_CASE("one waiter may stay twice, one within the other") {
  WaitingSet set;
  Waiter waiter;
  const WaitingSet::Stay outer(set, waiter, {});
  { const WaitingSet::Stay inner(set, waiter, {}); }
  set.StopAll(StopCause::kSuspended);
  CHECK(waiter.stop_cause() == StopCause::kSuspended);
}

}  // namespace
}  // namespace mecha
