// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace function_host {
namespace {

std::string Read(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

bool ReadNumber(const char* name, int most, int& number, std::string& problem) {
  const std::string text = Read(name, std::to_string(number).c_str());
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && *rest == '\0' && number >= 0 && number <= most) return true;
  problem = std::string(name) + "=" + text + ": not a number from 0 to " + std::to_string(most);
  return false;
}

bool ReadRest(Rest& rest, std::string& problem) {
  const std::string text = Read("FUNCTION_REST", "suspend");
  if (text == "suspend") rest = Rest::kSuspend;
  if (text == "keep") rest = Rest::kKeepConnections;
  if (text == "none") rest = Rest::kNone;
  if (text == "suspend" || text == "keep" || text == "none") return true;
  problem = "FUNCTION_REST=" + text + ": not suspend, keep or none";
  return false;
}

}  // namespace

bool ReadSettings(Settings& settings, std::string& problem) {
  settings.api_address = Read("AWS_LAMBDA_RUNTIME_API");
  if (settings.api_address.empty()) {
    problem = "AWS_LAMBDA_RUNTIME_API is not set; it names the host and port of the runtime API";
    return false;
  }
  settings.resources = Read("FUNCTION_RESOURCES", FUNCTION_HOST_RESOURCES);
  settings.consumes = Read("FUNCTION_CONSUMES");
  int shutdown = static_cast<int>(settings.shutdown.count());
  const bool is_right = ReadRest(settings.rest, problem) &&
                        ReadNumber("FUNCTION_COPIES", 16, settings.copies, problem) &&
                        ReadNumber("FUNCTION_SHUTDOWN_MS", 60'000, shutdown, problem);
  settings.shutdown = std::chrono::milliseconds(shutdown);
  return is_right;
}

}  // namespace function_host
