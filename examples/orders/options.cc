// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace orders {

const char kUsage[] =
    "usage: orders [options] FILE           publish the orders of FILE and store what comes\n"
    "       orders publish [options] FILE   only publish them\n"
    "       orders worker [options]         only store what comes, until a signal\n"
    "\n"
    "Each order of FILE is stored once (\"-\" reads standard input; one JSON object per line)\n"
    "with a running total per customer. Everything may be killed at any point and run again.\n"
    "\n"
    "  --resources DIR  where the YAML of store and broker is (default: SQLite)\n"
    "  --data DIR       where the files of embedded ones are kept (default: this folder)\n"
    "  --threads N      how many threads store orders, 1 to 64 (default: 4)\n"
    "  --verify         only compare the store with FILE, exit 1 when they differ\n"
    "  --wait SECONDS   of --verify: wait so long for orders that are not there yet\n"
    "  --help           show this\n";

namespace {

bool ParseNumber(const char* text, int least, int most, int& number) {
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  return error == std::errc() && rest == end && number >= least && number <= most;
}

bool TakesValue(std::string_view option) {
  return option == "--resources" || option == "--data" || option == "--threads" ||
         option == "--wait";
}

// An option with a value: `arguments[i]` is its name.
bool ParseValue(std::string_view name, const char* value, Options& options, std::string& problem) {
  if (value == nullptr) {
    problem = std::string(name) + " needs a value";
    return false;
  }
  if (name == "--resources") options.resources = value;
  if (name == "--data") options.data = value;
  if (name == "--threads" && !ParseNumber(value, 1, 64, options.threads)) {
    problem = std::string("--threads ") + value + ": not a number from 1 to 64";
    return false;
  }
  if (name == "--wait" && !ParseNumber(value, 0, 86400, options.wait_seconds)) {
    problem = std::string("--wait ") + value + ": not a number of seconds up to a day";
    return false;
  }
  return true;
}

// A word without a dash: what to do, or the file.
bool ParseWord(std::string_view word, bool is_first, Options& options, std::string& problem) {
  if (is_first && (word == "publish" || word == "worker")) {
    options.mode = word == "worker" ? Mode::kWork : Mode::kPublish;
    return true;
  }
  if (!options.input.empty()) {
    problem = "more than one FILE: " + options.input + " and " + std::string(word);
    return false;
  }
  options.input = word;
  return true;
}

bool HasRightInput(const Options& options, std::string& problem) {
  const bool wants_input = options.mode != Mode::kWork;
  if (options.input.empty() != wants_input) return true;
  problem = wants_input ? "no FILE given" : "a worker takes no FILE";
  return false;
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
      options.mode = Mode::kVerify;
    } else if (TakesValue(argument)) {
      const char* value = i + 1 < argument_count ? arguments[++i] : nullptr;
      if (!ParseValue(argument, value, options, problem)) return false;
    } else if (argument != "-" && argument.substr(0, 1) == "-") {
      problem = "unknown option " + std::string(argument);
      return false;
    } else if (!ParseWord(argument, i == 1, options, problem)) {
      return false;
    }
  }
  return HasRightInput(options, problem);
}

}  // namespace orders
