// SPDX-License-Identifier: Apache-2.0
// QueueSettings: the component's fields, checked and typed. Constant after Init.
#pragma once

#include <chrono>

#include "contract/settings.h"
#include "result/status_or.h"
#include "sqlite/database_settings.h"

namespace MECHA_COMPONENT {

struct QueueSettings {
  DatabaseSettings database;
  std::chrono::milliseconds lease{};
  // Zero: nothing is kept for a topic without groups.
  std::chrono::milliseconds retention{};
};

StatusOr<QueueSettings> ReadQueueSettings(const Settings& settings);

}  // namespace MECHA_COMPONENT
