// SPDX-License-Identifier: Apache-2.0
#include "memcached_expiry.h"

#include <limits>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestRelative = std::chrono::hours(24 * 30);
constexpr seconds kTick(1);
constexpr int64_t kLastMoment = std::numeric_limits<int32_t>::max();

}  // namespace

StatusOr<int64_t> ExpiryOf(std::optional<std::chrono::milliseconds> ttl, WallTime now) {
  if (!ttl.has_value()) {
    return int64_t{0};
  }
  // Rounded up by hand: ceil would overflow near the largest number.
  const seconds whole = std::chrono::duration_cast<seconds>(*ttl);
  const seconds rounded = whole < *ttl ? whole + seconds(1) : whole;
  const seconds life = rounded + kTick;
  if (life <= kLongestRelative) {
    return life.count();
  }
  const int64_t today = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  if (life.count() > kLastMoment - today) {
    return Status(StatusCode::kOutOfRange,
                  "the time to live goes beyond January 2038, where memcached's clock ends; leave "
                  "it out for a value that stays");
  }
  return today + life.count();
}

}  // namespace MECHA_COMPONENT
