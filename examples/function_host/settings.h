// SPDX-License-Identifier: Apache-2.0
// Settings: what the environment says; a function has no command line.
#pragma once

#include <chrono>
#include <string>

namespace function_host {

// What happens to the runtime between two invocations, while the process may be frozen.
enum class Rest {
  kSuspend,          // nothing is left open: for long freezes and snapshots
  kKeepConnections,  // sockets and files stay: for short ones
  kNone              // it runs on, and a freeze comes unannounced
};

struct Settings {
  std::string api_address;     // AWS_LAMBDA_RUNTIME_API
  std::string resources;       // FUNCTION_RESOURCES: the folder with the YAML
  Rest rest = Rest::kSuspend;  // FUNCTION_REST: suspend, keep or none
  std::string consumes;        // FUNCTION_CONSUMES: a topic that is handled, too; empty: none
  int copies = 0;              // FUNCTION_COPIES: fork so many from one that is suspended
  std::chrono::milliseconds shutdown{300};  // FUNCTION_SHUTDOWN_MS: what SIGTERM leaves
};

// False when one is wrong: `problem` tells which.
bool ReadSettings(Settings& settings, std::string& problem);

}  // namespace function_host
