// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime_settings.h"

#include <vector>

#include "result/status.h"
#include "support/catch.h"

namespace mecha {
namespace {

using namespace std::chrono_literals;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

TEST_CASE("without settings the defaults stand") {
  const auto settings = ParseRuntimeSettings({});
  REQUIRE(settings.ok());
  CHECK(settings->strictness == Strictness::kStrict);
  CHECK(settings->start == StartPolicy::kFail);
  CHECK(settings->default_timeout == 60s);
  CHECK(settings->limits.most_key_bytes == 1024);
  CHECK(settings->blocking_threads == 16);
}

TEST_CASE("every setting is read") {
  const Pairs pairs{{"strictness", "dapr"},          {"start", "lazy"},
                    {"default_timeout", "1m30s"},    {"max_key_bytes", "2Ki"},
                    {"max_value_bytes", "1Mi"},      {"max_transaction_ops", "7"},
                    {"max_message_bytes", "3Mi"},    {"blocking_threads", "3"},
                    {"thread_stack_bytes", "256Ki"}, {"module_path", "/opt/modules"}};
  const auto settings = ParseRuntimeSettings(pairs);
  REQUIRE(settings.ok());
  CHECK(settings->strictness == Strictness::kDapr);
  CHECK(settings->start == StartPolicy::kLazy);
  CHECK(settings->default_timeout == 90s);
  CHECK(settings->limits.most_key_bytes == 2048);
  CHECK(settings->limits.most_value_bytes == 1 << 20);
  CHECK(settings->limits.most_transaction_writes == 7);
  CHECK(settings->message_limits.most_message_bytes == 3 << 20);
  CHECK(settings->blocking_threads == 3);
  CHECK(settings->thread_stack_bytes == 256 * 1024);
  CHECK(settings->module_path == "/opt/modules");
}

TEST_CASE("an unknown setting is refused with the nearest name") {
  const auto settings = ParseRuntimeSettings(Pairs{{"max_key_byte", "1"}});
  REQUIRE(IsInvalidArgument(settings.status()));
  const std::string message(settings.status().message());
  INFO(message);
  CHECK(message.find("\"max_key_byte\"") != std::string::npos);
  CHECK(message.find("max_key_bytes") != std::string::npos);
}

TEST_CASE("a value that does not fit is refused with the setting's name") {
  for (const auto& pair : Pairs{{"strictness", "lax"},
                                {"start", ""},
                                {"default_timeout", "0s"},
                                {"default_timeout", "soon"},
                                {"max_key_bytes", "0"},
                                {"max_value_bytes", "-1"},
                                {"max_transaction_ops", "many"},
                                {"max_message_bytes", "0"},
                                {"blocking_threads", "0"},
                                {"blocking_threads", "1025"},
                                {"thread_stack_bytes", "64Ki"},
                                {"module_path", ""},
                                {"module_path", "modules"}}) {
    const auto settings = ParseRuntimeSettings(Pairs{pair});
    INFO(pair.first << " = " << pair.second);
    REQUIRE(IsInvalidArgument(settings.status()));
    CHECK(settings.status().message().find(pair.first) != std::string_view::npos);
  }
}

}  // namespace
}  // namespace mecha
