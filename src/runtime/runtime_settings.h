// SPDX-License-Identifier: Apache-2.0
// RuntimeSettings: the settings a runtime is opened with, by name and value, parsed.
// docs/settings.md lists them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/clock.h"
#include "pubsub/pubsub_block.h"
#include "resources/strictness.h"
#include "result/status_or.h"
#include "state/state_block.h"

namespace mecha {

enum class StartPolicy : uint8_t { kFail, kLazy };

struct RuntimeSettings {
  Strictness strictness = Strictness::kStrict;
  StartPolicy start = StartPolicy::kFail;
  Duration default_timeout = std::chrono::seconds(60);
  StateLimits limits;
  PubSubLimits message_limits;
  size_t blocking_threads = 16;
  size_t thread_stack_bytes = 256 * 1024;
  std::string module_path;           // empty: modules are looked for beside the library only
  std::vector<std::string> plugins;  // absolute paths
};

// INVALID_ARGUMENT names the setting, and the nearest known one when there is none of that name.
StatusOr<RuntimeSettings> ParseRuntimeSettings(
    std::span<const std::pair<std::string_view, std::string_view>> settings);

}  // namespace mecha
