// SPDX-License-Identifier: Apache-2.0
// The program's command line.
#pragma once

#include <string>

namespace orders {

struct Options {
  std::string input;      // a file, or "-" for standard input
  std::string resources;  // the folder with the store's YAML
  std::string data = ".";
  int threads = 4;
  bool verifies = false;
  bool wants_help = false;
};

extern const char kUsage[];

// Reads the command line; false when it is wrong, and then `problem` tells how.
bool ParseOptions(int argument_count, char** arguments, Options& options, std::string& problem);

}  // namespace orders
