// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace orders {

const char kUsage[] =
    "usage: orders [options] FILE\n"
    "\n"
    "Stores each order of FILE once (\"-\" reads standard input; one JSON object per line) and\n"
    "keeps a running total per customer. It may be killed at any point and run again.\n"
    "\n"
    "  --resources DIR  where the store's YAML is (default: SQLite)\n"
    "  --data DIR       where the files of embedded stores are kept (default: this folder)\n"
    "  --threads N      how many threads store orders, 1 to 64 (default: 4)\n"
    "  --verify         store nothing; compare the store with FILE, exit 1 when they differ\n"
    "  --help           show this\n";

namespace {

bool ParseThreads(const char* text, int& threads) {
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, threads);
  return error == std::errc() && rest == end && threads >= 1 && threads <= 64;
}

// An option with a value: `arguments[i]` is its name.
bool ParseValue(std::string_view name, const char* value, Options& options, std::string& problem) {
  if (value == nullptr) {
    problem = std::string(name) + " needs a value";
    return false;
  }
  if (name == "--resources") options.resources = value;
  if (name == "--data") options.data = value;
  if (name == "--threads" && !ParseThreads(value, options.threads)) {
    problem = std::string("--threads ") + value + ": not a number from 1 to 64";
    return false;
  }
  return true;
}

}  // namespace

bool ParseOptions(int argument_count, char** arguments, Options& options, std::string& problem) {
  options.resources = ORDERS_RESOURCES;
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help") {
      options.wants_help = true;
      return true;
    }
    if (argument == "--verify") {
      options.verifies = true;
    } else if (argument == "--resources" || argument == "--data" || argument == "--threads") {
      const char* value = i + 1 < argument_count ? arguments[++i] : nullptr;
      if (!ParseValue(argument, value, options, problem)) return false;
    } else if (argument != "-" && argument.substr(0, 1) == "-") {
      problem = "unknown option " + std::string(argument);
      return false;
    } else if (options.input.empty()) {
      options.input = argument;
    } else {
      problem = "more than one FILE: " + options.input + " and " + std::string(argument);
      return false;
    }
  }
  if (options.input.empty()) problem = "no FILE given";
  return !options.input.empty();
}

}  // namespace orders
