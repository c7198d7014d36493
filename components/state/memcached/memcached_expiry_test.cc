// SPDX-License-Identifier: Apache-2.0
#include "memcached_expiry.h"

#include <limits>

#include "support/catch.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow{seconds(1'795'000'000)};

TEST_CASE("without a time to live a value stays") { CHECK(*ExpiryOf(std::nullopt, kNow) == 0); }

TEST_CASE("a time to live is rounded up, with one tick of the server's clock on top") {
  CHECK(*ExpiryOf(milliseconds(1), kNow) == 2);
  CHECK(*ExpiryOf(milliseconds(1000), kNow) == 2);
  CHECK(*ExpiryOf(milliseconds(1001), kNow) == 3);
  CHECK(*ExpiryOf(hours(1), kNow) == 3601);
}

TEST_CASE("from 30 days on it is sent as a moment") {
  constexpr seconds kMonth = hours(24 * 30);
  CHECK(*ExpiryOf(kMonth - seconds(1), kNow) == kMonth.count());
  CHECK(*ExpiryOf(kMonth, kNow) == 1'795'000'000 + kMonth.count() + 1);
}

TEST_CASE("a moment that memcached cannot hold is OUT_OF_RANGE") {
  const seconds left(std::numeric_limits<int32_t>::max() - 1'795'000'000);
  CHECK(*ExpiryOf(left - seconds(1), kNow) == std::numeric_limits<int32_t>::max());
  for (const milliseconds ttl : {milliseconds(left), milliseconds::max()}) {
    const auto expiry = ExpiryOf(ttl, kNow);
    CHECK(expiry.status().code() == StatusCode::kOutOfRange);
    CHECK(expiry.status().message().find("2038") != std::string_view::npos);
  }
}

}  // namespace
}  // namespace MECHA_COMPONENT
