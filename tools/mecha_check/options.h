// SPDX-License-Identifier: Apache-2.0
// Options: what the command line of mecha-check asks for. It reads no file and no environment.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct Options {
  std::string app_id = "mecha-check";
  std::string name_space;
  std::string strictness = "strict";
  std::string module_path;  // empty: modules are found beside the library only
  std::string plugins;      // absolute files, separated by colons; empty: none
  std::vector<std::string> paths;
  bool contacts_back_ends = true;
  bool uses_environment = false;
  bool writes_json = false;
  bool wants_help = false;
};

// How the command line is written.
extern const std::string_view kUsage;

// The options, or what is wrong with the command line.
std::variant<Options, std::string> ParseOptions(const std::vector<std::string>& arguments);
