// SPDX-License-Identifier: Apache-2.0
// StreamOptions: what pubsub.redis is told beyond how to reach its server (redis/redis_options.h).
// A value, read once in Init.
#pragma once

#include <chrono>
#include <cstdint>

#include "call/clock.h"
#include "contract/settings.h"
#include "result/status_or.h"

namespace MECHA_COMPONENT {

struct StreamOptions {
  // How long the group leaves a delivery alone. Zero: for ever.
  Duration processing_timeout = std::chrono::seconds(60);
  // How often deliveries of silent consumers are looked for. Zero: never.
  Duration redeliver_interval = std::chrono::seconds(15);
  // What a publish trims a stream to; zero: it does not. The first one set counts, as in Dapr.
  int64_t longest = 0;
  std::chrono::milliseconds oldest{0};

  // A consumer that holds nothing and was not seen for so long is gone.
  Duration gone_after() const { return processing_timeout * 10; }
  bool reclaims() const {
    return processing_timeout > Duration::zero() && redeliver_interval > Duration::zero();
  }
};

// INVALID_ARGUMENT names the field.
StatusOr<StreamOptions> ReadStreamOptions(const Settings& settings);

}  // namespace MECHA_COMPONENT
