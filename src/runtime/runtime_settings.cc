// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime_settings.h"

#include <algorithm>
#include <string>

#include "encoding/duration.h"
#include "encoding/nearest_name.h"
#include "encoding/quantity.h"
#include "result/status.h"
#include "result/status_or.h"

namespace mecha {
namespace {

using Parse = bool (*)(std::string_view text, RuntimeSettings& settings);

template <class T>
bool ParseAmount(std::string_view text, uint64_t least, T& out) {
  const auto amount = ParseQuantity(text);
  if (!amount.has_value() || *amount < least) {
    return false;
  }
  out = static_cast<T>(*amount);
  return true;
}

bool ParseStrictness(std::string_view text, RuntimeSettings& settings) {
  settings.strictness = text == "dapr" ? Strictness::kDapr : Strictness::kStrict;
  return text == "dapr" || text == "strict";
}

bool ParseStart(std::string_view text, RuntimeSettings& settings) {
  settings.start = text == "lazy" ? StartPolicy::kLazy : StartPolicy::kFail;
  return text == "lazy" || text == "fail";
}

bool ParseTimeout(std::string_view text, RuntimeSettings& settings) {
  const auto timeout = ParseDuration(text);
  settings.default_timeout = timeout.value_or(Duration::zero());
  return settings.default_timeout > Duration::zero();
}

bool ParseKeyBytes(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 1, settings.limits.most_key_bytes);
}

bool ParseValueBytes(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 1, settings.limits.most_value_bytes);
}

bool ParseTransaction(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 1, settings.limits.most_transaction_writes);
}

bool ParseMessageBytes(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 1, settings.message_limits.most_message_bytes);
}

bool ParseThreads(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 1, settings.blocking_threads) && settings.blocking_threads <= 1024;
}

bool ParseStack(std::string_view text, RuntimeSettings& settings) {
  return ParseAmount(text, 128 * 1024, settings.thread_stack_bytes);
}

bool ParseModulePath(std::string_view text, RuntimeSettings& settings) {
  settings.module_path = text;
  return text.starts_with('/') && text.find('\0') == std::string_view::npos;
}

// Absolute paths, separated by colons.
bool ParsePlugins(std::string_view text, RuntimeSettings& settings) {
  settings.plugins.clear();
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    settings.plugins.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return text.find('\0') == std::string_view::npos &&
         std::ranges::all_of(settings.plugins,
                             [](const std::string& file) { return file.starts_with('/'); });
}

struct Known {
  std::string_view name;
  std::string_view wants;
  Parse parse;
};

constexpr Known kSettings[] = {
    {"strictness", "strict or dapr", ParseStrictness},
    {"start", "fail or lazy", ParseStart},
    {"default_timeout", "a duration above zero, like 30s", ParseTimeout},
    {"max_key_bytes", "a number of bytes above zero", ParseKeyBytes},
    {"max_value_bytes", "a number of bytes above zero, like 64Mi", ParseValueBytes},
    {"max_transaction_ops", "a number above zero", ParseTransaction},
    {"max_message_bytes", "a number of bytes above zero, like 64Mi", ParseMessageBytes},
    {"blocking_threads", "a number from 1 to 1024", ParseThreads},
    {"thread_stack_bytes", "at least 128Ki", ParseStack},
    {"module_path", "the absolute path of a folder, like /opt/mecha/modules", ParseModulePath},
    {"plugins", "absolute paths of files, separated by colons, like /opt/mine.so", ParsePlugins},
};

Status Unknown(std::string_view name) {
  std::string_view names[std::size(kSettings)];
  std::string list;
  for (size_t i = 0; i < std::size(kSettings); ++i) {
    names[i] = kSettings[i].name;
    list += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  return InvalidArgument("unknown setting \"" + std::string(name) + "\"." +
                         DidYouMean(name, names) + " Known: " + list);
}

}  // namespace

StatusOr<RuntimeSettings> ParseRuntimeSettings(
    std::span<const std::pair<std::string_view, std::string_view>> settings) {
  RuntimeSettings parsed;
  for (const auto& [name, value] : settings) {
    const Known* known = nullptr;
    for (const Known& candidate : kSettings) {
      known = candidate.name == name ? &candidate : known;
    }
    if (known == nullptr) {
      return Unknown(name);
    }
    if (!known->parse(value, parsed)) {
      return InvalidArgument("setting " + std::string(name) + " is \"" + std::string(value) +
                             "\"; it must be " + std::string(known->wants));
    }
  }
  return parsed;
}

}  // namespace mecha
