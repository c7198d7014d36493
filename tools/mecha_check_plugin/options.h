// SPDX-License-Identifier: Apache-2.0
// Options: what the command line asks for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct Options {
  std::string plugin;                   // absolute
  std::string setup;                    // a file; empty: none
  std::string type;                     // empty: every type
  std::string pattern;                  // names of tests; empty: all
  std::chrono::seconds most_time{600};  // for one type
  bool wants_help = false;
};

extern const std::string_view kUsage;

// The options, or what is wrong with them.
std::variant<Options, std::string> ParseOptions(const std::vector<std::string>& arguments);
