// SPDX-License-Identifier: Apache-2.0
#include "queue_settings.h"

#include <algorithm>
#include <string>

#include "result/status.h"

namespace MECHA_COMPONENT {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLongestLease = std::chrono::hours(12);

StatusOr<ConnectionString> ReadLocation(const Settings& settings) {
  ASSIGN_OR_RETURN(ConnectionString location,
                   ParseConnectionString(settings.Text("connectionString")));
  if (location.is_in_memory) {
    return InvalidArgument(
        "connectionString: a queue in memory is the component pubsub.in-memory; name a file here");
  }
  if (location.access == FileAccess::kReadOnly || location.is_immutable) {
    return InvalidArgument(
        "connectionString: a queue is written by everybody who uses it; leave out mode=ro and "
        "immutable");
  }
  return location;
}

}  // namespace

StatusOr<QueueSettings> ReadQueueSettings(const Settings& settings) {
  QueueSettings read;
  ASSIGN_OR_RETURN(read.database.location, ReadLocation(settings));
  const Duration lease = settings.Time("leaseTime");
  if (lease < seconds(1) || lease > kLongestLease) {
    return InvalidArgument("leaseTime: it must be 1s to 12h");
  }
  const Duration retention = settings.Time("retention");
  if (retention < Duration::zero()) {
    return InvalidArgument("retention: it must not be negative; 0 keeps nothing");
  }
  const Duration timeout = settings.Time("timeout");
  if (timeout < seconds(1)) {
    return InvalidArgument("timeout: it must be at least 1s");
  }
  read.lease = std::chrono::duration_cast<milliseconds>(lease);
  read.retention = std::chrono::duration_cast<milliseconds>(retention);
  read.database.component = MECHA_COMPONENT_TYPE;
  read.database.timeout = timeout;
  read.database.busy_timeout = std::min(settings.Time("busyTimeout"), timeout);
  read.database.synchronous = read.database.location.synchronous.empty()
                                  ? std::string(settings.Text("synchronous"))
                                  : read.database.location.synchronous;
  return read;
}

}  // namespace MECHA_COMPONENT
