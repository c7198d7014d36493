// SPDX-License-Identifier: Apache-2.0
// The program's command line.
#pragma once

#include <string>

namespace orders {

enum class Mode {
  kAll,      // publish, and store what comes, in one process
  kPublish,  // publish only
  kWork,     // store what others publish, until a signal
  kVerify
};

struct Options {
  Mode mode = Mode::kAll;
  std::string input;      // a file, or "-" for standard input
  std::string resources;  // the folder with the store's YAML
  std::string data = ".";
  int threads = 4;
  int wait_seconds = 0;
  bool wants_help = false;
};

extern const char kUsage[];

// Reads the command line; false when it is wrong, and then `problem` tells how.
bool ParseOptions(int argument_count, char** arguments, Options& options, std::string& problem);

}  // namespace orders
